import FrameCodec
import Model
import Postgres
import SeriesQuery
import TestSupport
import Testing

@testable import SeriesStore

/// What nothing needs any more goes.
@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct RemainsTests {
    private let fixture = PostgresFixture.shared

    private static func count(_ table: String, _ pool: PostgresPool) async throws -> Int {
        try #require(try await pool.query("select count(*) as count from \(unsafe: table)").first?["count"])
    }

    private static func counts(_ pool: PostgresPool) async throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for table in ["batch", "block", "rollup", "source", "source_number", "source_layout"] {
            counts[table] = try await count(table, pool)
        }
        return counts
    }

    @Test func aDeletedClusterLeavesNothing() async throws {
        try await fixture.withDatabase { pool in
            var world = try await RollupWorld(pool)
            try await world.ingest(0..<12 * 26) { Double($0) }
            try await world.store.compact()
            let alone = try await Self.counts(pool)
            #expect(alone.values.allSatisfy { $0 > 0 })
            let own = world.agent
            world.agent = try await TestAgent(
                "n1", cluster: "other", in: pool,
                sources: [.init(kind: .etcd, name: "m", port: 2379, interval: .seconds(300))])
            var late: [AcceptedBatch] = []
            for round in 0..<12 * 26 {
                world.agent.fill(1)
                late.append(
                    try world.agent.batch(at: midnight + seconds(300 * round + 7), receivedAt: world.clock.now))
            }
            try await world.store.ingest(late)
            try await world.pause(until: 12 * 28)
            try await world.store.compact()
            #expect(try await Self.counts(pool)["rollup"] == 2)
            try await pool.execute("delete from cluster where name = 'other'")
            try await world.store.maintain()
            try await world.store.compact()
            let left = try await Self.counts(pool)
            for table in ["rollup", "source", "source_number", "source_layout"] { #expect(left[table] == alone[table]) }
            let others = try await pool.query(
                """
                select from block where source_id not in (select id from source)
                union all select from batch where agent_id <> \(own.row)
                union all select from rollup_due where source_id not in (select id from source)
                union all select from deleted_source
                """)
            #expect(others.isEmpty)
            let series = try await world.store.series(
                SeriesSelection(
                    matchers: [.equal("__name__", "etcd_counter_total")], start: midnight, end: world.clock.now))
            #expect(series.map { $0.labels["cluster"] } == ["prod"])
        }
    }

    @Test func aCatalogueOfEverNewSeriesStaysBounded() async throws {
        try await fixture.withDatabase { pool in
            var world = try await RollupWorld(pool) {
                $0.retention = hours(24)
                $0.rollupRetention = hours(24)
            }
            var sizes: [Int] = []
            var layouts: [Int] = []
            for day in 0..<70 {
                world.agent.beginEpoch()
                world.agent.board = .init()
                let first = 12 * 24 * day
                try await world.ingest(first..<first + 2, extra: (0..<50).map { "series_\(day)_\($0)" }) { Double($0) }
                try await world.store.compact()
                sizes.append(world.store.labelSetCount)
                layouts.append(try await Self.count("layout", pool))
            }
            // Hours go four weeks at a time: what is 29 days old may still have some.
            #expect(sizes[69] == sizes[40] && sizes[69] <= 33 * 50)
            #expect(layouts[69] == layouts[40])
            #expect(try await Self.count("source_number", pool) <= 3)
            #expect(try await Self.count("source_layout", pool) == layouts[69])
            // What is left can be read, here and after a start.
            for store in [world.store, try await RollupWorld.start(pool, world.clock)] {
                #expect(store.labelSetCount == sizes[69])
                let samples = try await store.samples(
                    .equal("__name__", "series_69_7"), from: world.clock.now - .seconds(3600), to: world.clock.now)
                #expect(samples.filter { !$0.value.isStale }.count == 2)
            }
        }
    }
}
