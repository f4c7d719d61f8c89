import JSON
import Model
import Postgres
import Schema
import TestSupport
import Testing

@testable import Verdict

@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct IncidentStoreTests {
    private let start = Timestamp(milliseconds: 1_790_000_000_000)

    private func with(_ body: (PostgresPool, IncidentStore) async throws -> Void) async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            try await pool.execute("insert into cluster (name) values ('prod')")
            try await body(pool, IncidentStore(pool: pool))
        }
    }

    private func verdict(_ scene: FaultScene) throws -> Verdict { try #require(scene.verdict) }

    @Test func oneIncidentKeepsTheBestVerdictUntilItIsQuiet() async throws {
        var guess = FaultScene()
        guess.setAll(.leaderChanges, 1)
        var sure = guess
        sure.slowDisk(2, 0.06)
        try await with { _, store in
            for (offset, scene) in [(0, guess), (10, sure), (20, guess)] {
                try await store.keep(try verdict(scene), of: "prod", at: start + .seconds(offset))
            }
            try await store.keep(nil, of: "prod", at: start + .seconds(30))
            var all = try await store.incidents(cluster: "prod", before: nil, limit: 10)
            #expect(all.count == 1 && all[0].ended == nil)
            #expect(all[0].began == start && all[0].lastSeen == start + .seconds(20))
            let kept = try JSONValue(parsing: Array(all[0].verdict.utf8))
            #expect(kept["culprit"]?.string == "disk")

            try await store.keep(nil, of: "prod", at: start + .seconds(200))
            all = try await store.incidents(cluster: nil, before: nil, limit: 10)
            #expect(all.count == 1 && all[0].ended == start + .seconds(20))
            #expect(try await store.incident(all[0].id)?.cluster == "prod")

            try await store.keep(try verdict(guess), of: "prod", at: start + .seconds(300))
            all = try await store.incidents(cluster: "prod", before: nil, limit: 10)
            #expect(all.count == 2 && all[0].began == start + .seconds(300))
            #expect(try await store.incidents(cluster: "prod", before: all[0].id, limit: 10).map(\.id) == [all[1].id])
        }
    }

    @Test func anIncidentOfAProcessBeforeIsEnded() async throws {
        var scene = FaultScene()
        scene.slowDisk(1, 0.06)
        try await with { pool, store in
            try await store.keep(try verdict(scene), of: "prod", at: start)
            let next = IncidentStore(pool: pool)
            try await next.keep(nil, of: "prod", at: start + .seconds(3600))
            #expect(try await next.incidents(cluster: "prod", before: nil, limit: 1).first?.ended == start)
        }
    }
}
