import Model
import Postgres
import SeriesQuery
import TestSupport
import Testing

@testable import SeriesStore

/// Batches become blocks, and nobody who reads sees it.
@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct BlocksTests {
    private let fixture = PostgresFixture.shared

    /// Small windows, so that a few hundred scrapes fill several.
    private static func options(_ options: inout SeriesStore.Options) {
        options.batchSlot = .seconds(60)
        options.blockWindow = .seconds(600)
        options.recentAge = .seconds(30)
        options.commitTolerance = .seconds(10)
    }

    private static func start(_ pool: PostgresPool, _ clock: MovableClock) async throws -> SeriesStore {
        try await SeriesStore.started(pool, clock, options)
    }

    /// Scrapes each 5 s, kept up as a running aggregator does.
    private static func ingest(
        _ rounds: Range<Int>, of agent: inout TestAgent, into store: SeriesStore, _ clock: MovableClock,
        extra: (Int) -> [String] = { _ in [] }
    ) async throws {
        for round in rounds {
            clock.now = midnight + seconds(5 * round)
            if round % 6 == 0 || round == rounds.lowerBound { try await store.maintain() }
            agent.fill(Double(round), extra: extra(round))
            try await store.ingest([agent.batch(at: clock.now)])
        }
    }

    private static func count(_ table: String, _ pool: PostgresPool) async throws -> Int {
        try await pool.query("select count(*) as count from \(unsafe: table)").first.map { try $0["count"] } ?? -1
    }

    private static func levels(_ pool: PostgresPool) async throws -> [Int] {
        try await pool.query("select distinct level from block order by level").map { try $0["level"] }
    }

    private static func counter(
        _ store: SeriesStore, from: Int = 0, _ to: Int
    ) async throws -> [Sample] {
        try await store.samples(
            .equal("__name__", "etcd_counter_total"), from: midnight + seconds(5 * from),
            to: midnight + seconds(5 * to))
    }

    private static func expected(_ rounds: Range<Int>) -> [Sample] {
        rounds.map { Sample(midnight + seconds(5 * $0), Double($0)) }
    }

    @Test func blocksGiveBackWhatBatchesGave() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await Self.start(pool, clock)
            var agent = try await TestAgent("n1", in: pool)
            try await Self.ingest(0..<300, of: &agent, into: store, clock)
            let before = try await Self.count("batch", pool)
            try await store.compact()
            #expect(try await Self.count("batch", pool) < before / 4)
            #expect(try await Self.levels(pool) == [0, 1])
            for reader in [store, try await Self.start(pool, clock)] {
                #expect(try await Self.counter(reader, 299) == Self.expected(0..<300))
                #expect(try await Self.counter(reader, from: 100, 130) == Self.expected(100..<131))
                #expect(try await Self.counter(reader, from: 297, 299) == Self.expected(297..<300))
                let ups = try await reader.samples(.equal("__name__", "up"), from: midnight, to: clock.now)
                #expect(ups.allSatisfy { $0.value == 1 })
            }
        }
    }

    @Test(
        "compacting at each step never loses a sample, not even when a keyframe serves many slots", arguments: [10, 60])
    func compactingAtEachStep(slot: Int) async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await SeriesStore.started(pool, clock) {
                Self.options(&$0)
                $0.batchSlot = seconds(slot)
            }
            var agent = try await TestAgent("n1", in: pool)
            for part in 0..<20 {
                try await Self.ingest(part * 20..<(part + 1) * 20, of: &agent, into: store, clock)
                try await store.compact()
                #expect(try await Self.counter(store, 20 * part + 19) == Self.expected(0..<20 * part + 20))
            }
        }
    }

    @Test func aMergedWindowIsInFewRows() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await Self.start(pool, clock)
            var agent = try await TestAgent("n1", in: pool)
            try await Self.ingest(0..<300, of: &agent, into: store, clock)
            try await store.compact()
            let rows = try await pool.query(
                "select starts_at, count(*) as count from block where level = 1 group by 1 order by 1")
            #expect(try rows.map { try $0["count", as: Int.self] } == [1, 1])
            let young = try await pool.query(
                """
                select count(*) as count from block
                where level = 0 and starts_at in (select starts_at from block where level = 1)
                """)
            #expect(try young.first?["count"] == 0)
        }
    }

    @Test func lateScrapesTakeTheirPlaceInMergedWindows() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await Self.start(pool, clock)
            var agent = try await TestAgent("n1", in: pool)
            try await Self.ingest(0..<50, of: &agent, into: store, clock)
            // The link was down; these scrapes are in the spool, in a segment that says everything again.
            agent.beginEpoch()
            var late: [AcceptedBatch] = []
            for round in 50..<150 {
                agent.fill(Double(round))
                late.append(try agent.batch(at: midnight + seconds(5 * round)))
            }
            agent.beginEpoch()
            try await Self.ingest(150..<400, of: &agent, into: store, clock)
            try await store.compact()
            for var batch in late {
                batch.receivedAt = clock.now
                try await store.ingest([batch])
            }
            #expect(try await Self.counter(store, 399) == Self.expected(0..<400))
            try await Self.ingest(400..<460, of: &agent, into: store, clock)
            try await store.compact()
            for reader in [store, try await Self.start(pool, clock)] {
                #expect(try await Self.counter(reader, 459) == Self.expected(0..<460))
            }
        }
    }

    @Test func aLayoutThatGrowsIsOneBlock() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await Self.start(pool, clock)
            var agent = try await TestAgent("n1", in: pool)
            try await Self.ingest(0..<300, of: &agent, into: store, clock) { round in
                round < 60 ? [] : round < 80 ? ["first"] : ["first", "second"]
            }
            try await store.compact()
            let merged = try await pool.query(
                "select distinct layout_id from block where level = 1 and starts_at = \(midnight.milliseconds)")
            #expect(merged.count == 1)
            for reader in [store, try await Self.start(pool, clock)] {
                #expect(try await Self.counter(reader, 299) == Self.expected(0..<300))
                let first = try await reader.samples(
                    .equal("__name__", "first"), from: midnight, to: clock.now
                ).filter { !$0.value.isStale }
                #expect(first == Self.expected(60..<300))
                let second = try await reader.samples(
                    .equal("__name__", "second"), from: midnight, to: clock.now
                ).filter { !$0.value.isStale }
                #expect(second == Self.expected(80..<300))
            }
        }
    }

    @Test func anAgentThatBeginsAnewIsReadOn() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await Self.start(pool, clock)
            var agent = try await TestAgent("n1", in: pool)
            try await Self.ingest(0..<70, of: &agent, into: store, clock) { _ in ["a", "b"] }
            agent.beginEpoch()
            agent.board = .init()
            try await Self.ingest(70..<300, of: &agent, into: store, clock) { _ in ["b", "c"] }
            try await store.compact()
            for reader in [store, try await Self.start(pool, clock)] {
                #expect(try await Self.counter(reader, 299) == Self.expected(0..<300))
                for (name, rounds) in [("a", 0..<70), ("b", 0..<300), ("c", 70..<300)] {
                    let samples = try await reader.samples(.equal("__name__", name), from: midnight, to: clock.now)
                    #expect(samples.filter { !$0.value.isStale } == Self.expected(rounds))
                }
            }
        }
    }

    @Test func severalCompactorsAtOnceDoTheWorkOnce() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await Self.start(pool, clock)
            var agents: [TestAgent] = []
            for node in 0..<40 { agents.append(try await TestAgent("n\(node)", in: pool)) }
            for round in 0..<150 {
                clock.now = midnight + seconds(5 * round)
                var batches: [AcceptedBatch] = []
                for at in agents.indices {
                    agents[at].fill(Double(round))
                    batches.append(try agents[at].batch(at: clock.now))
                }
                try await store.ingest(batches)
                if round % 12 == 0 { try await store.maintain() }
            }
            let stores = [store, try await Self.start(pool, clock), try await Self.start(pool, clock)]
            try await withThrowingTaskGroup { group in
                for store in stores { group.addTask { try await store.compact() } }
                try await group.waitForAll()
            }
            let rows = try await pool.query("select sum(scrapes) as sum from block")
            // Ten minutes merged and two open slots' worth less than all 150 rounds.
            let scrapes: Int = try #require(try rows.first?["sum"])
            #expect(scrapes % 40 == 0 && scrapes <= 40 * 150)
            let series = try await store.series(
                SeriesSelection(
                    matchers: [.equal("__name__", "etcd_counter_total")], start: midnight, end: clock.now))
            #expect(series.count == 40)
            #expect(series.allSatisfy { $0.samples == Self.expected(0..<150) })
        }
    }

    @Test func oldDaysAreDropped() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await SeriesStore.started(pool, clock) {
                Self.options(&$0)
                $0.retention = .seconds(86_400)
            }
            var agent = try await TestAgent("n1", in: pool)
            try await Self.ingest(0..<200, of: &agent, into: store, clock)
            try await store.compact()
            #expect(try await store.blocks.mergedDays.all().count == 1)
            clock.now = midnight + seconds(2 * 86_400)
            try await store.maintain()
            agent.fill(1)
            try await store.ingest([agent.batch(at: clock.now)])
            clock.now = midnight + seconds(2 * 86_400 + 600)
            try await store.maintain()
            try await store.compact()
            #expect(try await store.blocks.mergedDays.all().isEmpty)
            #expect(try await Self.counter(store, 200).isEmpty)
        }
    }

    @Test func theOldestDayGivesWayToALimitOfBytes() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await SeriesStore.started(pool, clock) {
                Self.options(&$0)
                $0.limitBytes = 1
            }
            var agent = try await TestAgent("n1", in: pool)
            for day in 0..<3 {
                clock.now = midnight + seconds(day * 86_400)
                try await store.maintain()
                agent.fill(Double(day))
                try await store.ingest([agent.batch(at: clock.now)])
            }
            clock.now = midnight + seconds(2 * 86_400 + 300)
            try await store.maintain()
            try await store.compact()
            #expect(try await store.blocks.mergedDays.all().count == 1)
        }
    }
}
