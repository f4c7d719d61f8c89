import Logging
import Model
import Postgres
import PromQL
import SelfMetrics
import SeriesQuery
import SeriesStore
import TestSupport
import Testing

@testable import RemoteWrite

/// What others send, in the store and out again.
@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct RemoteWriteReceiverTests {
    /// A store that takes remote-write.
    private struct World {
        let pool: PostgresPool
        let time: ManualWallClock
        let store: SeriesStore
        let receiver: RemoteWriteReceiver

        init(_ pool: PostgresPool, _ time: ManualWallClock = ManualWallClock()) async throws {
            self.pool = pool
            self.time = time
            var options = SeriesStore.Options()
            options.batchSlot = .seconds(600)
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            store = SeriesStore(pool, clock: time.clock, options: options, logger: logger)
            try await store.start()
            receiver = RemoteWriteReceiver(store: store, metrics: MetricRegistry(), clock: time.clock)
        }

        /// Another process over the same database.
        func restarted() async throws -> World { try await World(pool, time) }

        func send(_ series: [(String, [(Duration, Double)])], enrolled: Set<String> = []) async throws {
            var request = WriteRequest()
            request.series = series.map { text, samples in
                WriteRequest.Series(
                    labels: Self.labels(text), samples: samples.map { Sample(time.now + $0.0, $0.1) })
            }
            try await receiver.receive(Snappy.compress(request.encoded()), from: "sender") { enrolled.contains($0) }
        }

        /// `name{job="j",instance="i",n="N"}` for `name:N`.
        private static func labels(_ text: String) -> Labels {
            let parts = text.split(separator: ":").map(String.init)
            let base: Labels = ["__name__": parts[0], "job": "j", "instance": "i"]
            return parts.count > 1 ? base.adding(["n": parts[1]]) : base
        }

        /// Value by name at an instant, as PromQL sees it.
        func values(at offset: Duration = .zero, _ query: String = "{job=\"j\"}") async throws -> [String: Double] {
            let result = try await PromQLEngine(source: store).instant(query, at: time.now + offset)
            return Dictionary((result.value.vector ?? []).map { ($0.labels.metric, $0.sample.value) }) { $1 }
        }

        func samples(_ name: String) async throws -> [Double] {
            let found = try await store.series(
                SeriesSelection(
                    matchers: [.equal("__name__", name)], start: time.now - .seconds(3600), end: time.now + .seconds(60)
                ))
            #expect(found.count <= 1)
            return found.first?.values ?? []
        }
    }

    private func with(_ body: (World) async throws -> Void) async throws {
        try await PostgresFixture.shared.withDatabase { try await body(World($0)) }
    }

    private func code(_ body: () async throws -> Void) async throws -> RemoteWriteError.Code? {
        do {
            try await body()
            return nil
        } catch let error as RemoteWriteError {
            return error.code
        }
    }

    @Test func aScrapeThatComesInPiecesIsOneScrape() async throws {
        try await with { world in
            for round in 0..<4 {
                let at = Duration.seconds(15 * (round - 4))
                // Cut at another place each time, and the second piece first now and then.
                let pieces = [["a", "b", "c"].prefix(1 + round % 2), ["a", "b", "c"].dropFirst(1 + round % 2)]
                for piece in round == 2 ? pieces.reversed() : pieces {
                    try await world.send(piece.map { ($0, [(at, Double(round))]) })
                }
            }
            for name in ["a", "b", "c"] { #expect(try await world.samples(name) == [0, 1, 2, 3], "\(name)") }
            #expect(try await world.values() == ["a": 3, "b": 3, "c": 3])
        }
    }

    @Test func pieceByPieceNothingEndsInBetween() async throws {
        try await with { world in
            try await world.send([("a", [(.seconds(-15), 1)]), ("b", [(.seconds(-15), 1)])])
            try await world.send([("a", [(.zero, 2)])])
            // b has not come yet; it has not ended.
            #expect(try await world.values() == ["a": 2, "b": 1])
        }
    }

    @Test func aStalenessMarkerEndsASeries() async throws {
        try await with { world in
            try await world.send([("a", [(.seconds(-20), 1)]), ("b", [(.seconds(-20), 1)])])
            try await world.send([("a", [(.seconds(-5), .stale)]), ("b", [(.seconds(-5), 2)])])
            #expect(try await world.values() == ["b": 2])
            #expect(try await world.values(at: .seconds(-10)) == ["a": 1, "b": 1])
        }
    }

    @Test func whatIsSentTwiceCountsOnceAlsoAfterARestart() async throws {
        try await with { world in
            try await world.send([("a", [(.seconds(-20), 1)])])
            try await world.send([("b", [(.seconds(-20), 1)])])
            let again = try await world.restarted()
            // The answer to the first was lost; the second is not sent again.
            try await again.send([("a", [(.seconds(-20), 1)])])
            try await again.send([("a", [(.seconds(-5), 2)]), ("b", [(.seconds(-5), 2)])])
            #expect(try await again.samples("a") == [1, 2])
            #expect(try await again.samples("b") == [1, 2])
        }
    }

    @Test func shardsThatCatchUpSideBySideAreAllKept() async throws {
        try await with { world in
            let rounds = 1...20
            try await withThrowingTaskGroup(of: Void.self) { group in
                for shard in ["a", "b", "c", "d"] {
                    group.addTask {
                        for round in rounds {
                            try await world.send([(shard, [(.seconds(15 * (round - 21)), Double(round))])])
                        }
                    }
                }
                try await group.waitForAll()
            }
            for shard in ["a", "b", "c", "d"] { #expect(try await world.samples(shard) == rounds.map(Double.init)) }
        }
    }

    @Test func blocksTellTheSame() async throws {
        try await with { world in
            for round in 0..<40 {
                let at = Duration.seconds(15 * (round - 40))
                try await world.send([("a", [(at, Double(round))])])
                if round % 3 == 0 { try await world.send([("b", [(at, round == 39 ? .stale : 0.1)])]) }
            }
            let before = (try await world.samples("a"), try await world.samples("b").map(\.bitPattern))
            for _ in 0..<4 {
                world.time.advance(by: .seconds(600))
                try await world.store.maintain()
            }
            try await world.store.compact()
            #expect(try await world.pool.query("select 1 as one from block limit 1").count == 1)
            let again = try await world.restarted()
            #expect(try await again.samples("a") == before.0)
            #expect(try await again.samples("b").map(\.bitPattern) == before.1)
            #expect(before.1.count == 14 && before.1.last == Double.stale.bitPattern)
        }
    }

    @Test func whatCannotBeKeptIsToldAndTheRestIsKept() async throws {
        try await with { world in
            let year = Duration.seconds(365 * 86_400)
            let refusal = try await code {
                try await world.send([("a", [(.zero - year, 1), (.seconds(-5), 2), (.seconds(3600), 3)])])
            }
            #expect(refusal == .refused)
            #expect(try await world.samples("a") == [2])
            let noise = try await code { try await world.receiver.receive([1, 2, 3], from: "x") { _ in false } }
            #expect(noise == .malformed)
            // A sender whose samples run backwards for ever is told to stop.
            let backwards = try await code {
                for step in 1...40 { try await world.send([("back", [(.seconds(-step), 1)])]) }
            }
            #expect(backwards == .refused)
        }
    }

    @Test func nobodySpeaksForAnEnrolledCluster() async throws {
        try await with { world in
            var request = WriteRequest()
            request.series = [
                WriteRequest.Series(
                    labels: ["__name__": "up", "job": "etcd", "cluster": "prod", "instance": "etcd-1:2379"],
                    samples: [Sample(world.time.now, 0)])
            ]
            try await world.receiver.receive(Snappy.compress(request.encoded()), from: "x") { $0 == "prod" }
            let found = try await world.store.labelSets([
                SeriesSelection(matchers: [], start: world.time.now - .seconds(60), end: world.time.now)
            ])
            #expect(
                found == [["__name__": "up", "job": "etcd", "exported_cluster": "prod", "instance": "etcd-1:2379"]])
        }
    }

    @Test func whatCameIsPassedOnInTheOrderThatItCame() async throws {
        try await with { world in
            let start = world.time.now - .seconds(1)
            try await world.send([("a", [(.seconds(-30), 1)]), ("b", [(.seconds(-30), 1)])])
            try await world.store.append(
                [(labels: ["__name__": "own"], value: 7)], source: "test", at: world.time.now)
            world.time.advance(by: .seconds(10))
            let middle = world.time.now - .seconds(1)
            try await world.send([("a", [(.seconds(-5), .stale)])])
            func passedOn(_ from: Timestamp, _ to: Timestamp) async throws -> [String: [Double]] {
                let series = try await world.store.received(after: from, through: to, matching: [])
                return Dictionary(series.map { ($0.labels.metric, $0.values) }) { $0 + $1 }
            }
            #expect(try await passedOn(start, middle) == ["a": [1], "b": [1], "own": [7]])
            let end = try await passedOn(middle, world.time.now)
            #expect(end.count == 1 && end["a"]?.map(\.isStale) == [true])
        }
    }
}
