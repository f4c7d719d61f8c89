import FrameCodec
import Model
import Postgres
import PrometheusText
import SeriesQuery
import TestSupport
import Testing

@testable import SeriesStore

@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct SeriesStoreTests {
    private let fixture = PostgresFixture.shared

    /// Three scrapes of a real member, the values changed a little each time.
    private func scrapes() throws -> [SampleBoard] {
        let body = try Array(FixtureFile.read("store/etcd-3.5.1.txt"))
        var parser = ExpositionParser()
        var board = SampleBoard()
        return try (0..<3).map { round in
            board.begin()
            try parser.parse(body, into: &board)
            for number in board.series.indices where board.values[number] != 0 && number % 3 == 0 {
                board.set(number, to: board.values[number] + Double(round) * 1.25)
            }
            board.end()
            return board
        }
    }

    @Test func aScrapedMemberComesBackValueByValue() async throws {
        let boards = try scrapes()
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight + seconds(15))
            let store = try await SeriesStore.started(pool, clock)
            var agent = try await TestAgent("n1", in: pool)
            for (round, board) in boards.enumerated() {
                agent.board = board
                try await store.ingest([agent.batch(at: midnight + seconds(5 * round))])
            }
            for reader in [store, try await SeriesStore.started(pool, clock)] {
                let all = try await reader.series(
                    SeriesSelection(matchers: [.equal("job", "etcd")], start: midnight, end: clock.now))
                #expect(all.count == boards[0].series.count)
                for (number, series) in boards[0].series.enumerated() {
                    var labels = series.labels
                    labels["job"] = "etcd"
                    labels["cluster"] = "prod"
                    labels["instance"] = "n1:2379"
                    let found = try #require(all.first { $0.labels == labels })
                    #expect(found.values.map(\.bitPattern) == boards.map { $0.values[number].bitPattern })
                    #expect(found.timestamps == (0..<3).map { (midnight + seconds(5 * $0)).milliseconds })
                }
                let sorted = all.map(\.labels).sorted { $0.lexicographicallyPrecedes($1) }
                #expect(all.map(\.labels) == sorted)
            }
        }
    }

    @Test func matchersSeeIdentityAndRenamedClashes() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await SeriesStore.started(pool, clock)
            for node in ["n1", "n2"] {
                var agent = try await TestAgent(node, in: pool)
                agent.fill(1)
                try await store.ingest([agent.batch(at: midnight)])
            }
            func count(_ matchers: LabelMatcher...) async throws -> Int {
                try await store.series(SeriesSelection(matchers: matchers, start: midnight, end: midnight)).count
            }
            #expect(try await count(.equal("__name__", "up")) == 2)
            #expect(try await count(.equal("__name__", "up"), .equal("instance", "n2:2379")) == 1)
            #expect(try await count(.matches("__name__", "up|etcd_.*"), .notEqual("instance", "n2:2379")) == 2)
            #expect(try await count(.equal("exported_job", "scraped")) == 2)
            #expect(try await count(.equal("job", "scraped")) == 0)
            #expect(try await count(.equal("exported_job", "")) == 2)
            let sets = try await store.labelSets([
                SeriesSelection(matchers: [.equal("__name__", "etcd_counter_total")], start: midnight, end: midnight)
            ])
            #expect(sets.count == 2)
            #expect(
                sets.first == [
                    "__name__": "etcd_counter_total", "cluster": "prod", "exported_job": "scraped",
                    "instance": "n1:2379", "job": "etcd",
                ])
            #expect(try await store.metadata(metric: "up").first?.help == "Whether the target answered.")
            #expect(try await store.metadata(metric: nil).map(\.name) == ["etcd_counter_total", "up"])
        }
    }

    @Test func lateAndDisorderedBatchesTakeTheirPlace() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight + seconds(100))
            let store = try await SeriesStore.started(pool, clock)
            var agent = try await TestAgent("n1", in: pool)
            var batches: [AcceptedBatch] = []
            for round in 0..<20 {
                agent.fill(Double(round))
                batches.append(try agent.batch(at: midnight + seconds(5 * round), receivedAt: clock.now))
            }
            for batch in [batches[0], batches[12]] + batches[13...].reversed() + batches[1..<12].shuffled() {
                try await store.ingest([batch])
            }
            let expected = (0..<20).map { Sample(midnight + seconds(5 * $0), Double($0)) }
            for reader in [store, try await SeriesStore.started(pool, clock)] {
                let samples = try await reader.samples(
                    .equal("__name__", "etcd_counter_total"), from: midnight, to: clock.now)
                #expect(samples == expected)
            }
        }
    }

    @Test func whatLeftMemoryIsReadFromTheTable() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await SeriesStore.started(pool, clock) { $0.recentAge = .seconds(60) }
            var agent = try await TestAgent("n1", in: pool)
            for round in 0..<60 {
                agent.fill(Double(round))
                clock.now = midnight + seconds(5 * round)
                try await store.ingest([agent.batch(at: clock.now)])
            }
            let all = try await store.samples(.equal("__name__", "etcd_counter_total"), from: midnight, to: clock.now)
            #expect(all == (0..<60).map { Sample(midnight + seconds(5 * $0), Double($0)) })
            let some = try await store.samples(
                .equal("__name__", "etcd_counter_total"), from: midnight + seconds(12), to: midnight + seconds(30))
            #expect(some.map(\.value) == [3, 4, 5, 6])
            #expect(store.recentBytes < 14 * 2000)
        }
    }

    @Test func memoryIsBounded() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await SeriesStore.started(pool, clock) { $0.recentBytes = 5000 }
            var agent = try await TestAgent("n1", in: pool)
            for round in 0..<50 {
                agent.fill(Double(round))
                clock.now = midnight + seconds(5 * round)
                try await store.ingest([agent.batch(at: clock.now)])
            }
            #expect(store.recentBytes <= 5000)
            let all = try await store.samples(.equal("__name__", "etcd_counter_total"), from: midnight, to: clock.now)
            #expect(all.map(\.value) == (0..<50).map(Double.init))
        }
    }

    @Test func aSlotEndsInTheMiddleOfAStream() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight - seconds(30))
            let store = try await SeriesStore.started(pool, clock)
            var agent = try await TestAgent("n1", in: pool)
            for round in -6...6 {
                agent.fill(Double(round))
                clock.now = midnight + seconds(5 * round)
                try await store.ingest([agent.batch(at: clock.now)])
            }
            let days = try await pool.query(
                "select distinct tableoid::regclass::text as name from batch order by name")
            #expect(
                try days.map { try $0["name"] as String } == [
                    "batch_\(midnight.milliseconds / 1000 - 600)", "batch_\(midnight.milliseconds / 1000)",
                ])
            let reader = try await SeriesStore.started(pool, clock) { $0.recentAge = .seconds(10) }
            let all = try await reader.samples(
                .equal("__name__", "etcd_counter_total"), from: midnight - seconds(30), to: clock.now)
            #expect(all.map(\.value) == (-6...6).map(Double.init))
        }
    }

    @Test func aLayoutThatGrowsKeepsItsSeries() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight + seconds(30))
            let store = try await SeriesStore.started(pool, clock)
            var agent = try await TestAgent("n1", in: pool)
            let rounds: [[String]] = [[], ["later"], ["later", "last"], ["last"]]
            for (round, extra) in rounds.enumerated() {
                agent.fill(Double(round), extra: extra)
                try await store.ingest([agent.batch(at: midnight + seconds(5 * round), receivedAt: clock.now)])
            }
            for reader in [store, try await SeriesStore.started(pool, clock)] {
                let later = try await reader.samples(.equal("__name__", "later"), from: midnight, to: clock.now)
                #expect(
                    later.filter { !$0.value.isStale } == [1, 2].map { Sample(midnight + seconds(5 * $0), Double($0)) })
                #expect(later.last { $0.timestamp <= midnight + seconds(15) }?.value.isStale == true)
                let counter = try await reader.samples(
                    .equal("__name__", "etcd_counter_total"), from: midnight, to: midnight + seconds(15))
                #expect(counter.map(\.value) == [0, 1, 2, 3])
            }
        }
    }

    // MARK: Silence

    @Test func oneSilentAgentOfThreeIsDownUntilItsDataArrives() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await SeriesStore.started(pool, clock)
            var agents: [TestAgent] = []
            for node in ["n1", "n2", "n3"] { agents.append(try await TestAgent(node, in: pool)) }
            var kept: [AcceptedBatch] = []
            for round in 0...8 {
                clock.now = midnight + seconds(5 * round)
                for at in agents.indices {
                    agents[at].fill(Double(round))
                    let batch = try agents[at].batch(at: clock.now)
                    if at == 1, round > 3 { kept.append(batch) } else { try await store.ingest([batch]) }
                }
            }
            func up() async throws -> [[Double]] {
                try await store.series(
                    SeriesSelection(
                        matchers: [.equal("__name__", "up")], start: midnight + seconds(15), end: clock.now)
                ).map(\.values)
            }
            #expect(try await up() == [[1, 1, 1, 1, 1, 1], [1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]])
            let counter = try await store.samples(
                .equal("__name__", "etcd_counter_total"), .equal("instance", "n2:2379"), from: midnight + seconds(10),
                to: clock.now)
            #expect(counter.map(\.timestamp) == [10, 15, 20].map { midnight + seconds($0) })
            #expect(counter.last?.value.isStale == true)

            for batch in kept { try await store.ingest([batch]) }
            #expect(try await up() == [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]])
        }
    }

    @Test func silenceIsToldInARangeWithoutAnyScrape() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await SeriesStore.started(pool, clock)
            var agent = try await TestAgent("n1", in: pool)
            agent.fill(1)
            try await store.ingest([agent.batch(at: midnight)])
            clock.now = midnight + seconds(3600)
            let up = try await store.samples(
                .equal("__name__", "up"), from: midnight + seconds(1000), to: midnight + seconds(1010))
            #expect(up == [1000, 1005, 1010].map { Sample(midnight + seconds($0), 0) })
            let counter = try await store.samples(
                .equal("__name__", "etcd_counter_total"), from: midnight + seconds(1000), to: midnight + seconds(1010))
            #expect(counter == [])
        }
    }

    @Test func aRevokedAgentIsNotDown() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await SeriesStore.started(pool, clock)
            var agent = try await TestAgent("n1", in: pool)
            agent.fill(1)
            try await store.ingest([agent.batch(at: midnight)])
            try await pool.execute("update agent set revoked_at = \(midnight + seconds(12)) where id = \(agent.row)")
            try await store.refreshAgents()
            clock.now = midnight + seconds(60)
            let up = try await store.samples(.equal("__name__", "up"), from: midnight, to: clock.now)
            #expect(up.map(\.value) == [1, 0, 0])
        }
    }

    @Test func aMemberThatTheAgentNoLongerWatchesIsNotDown() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await SeriesStore.started(pool, clock)
            let old = SourceDescriptor(kind: .etcd, name: "old", port: 2379, interval: .seconds(5))
            let new = SourceDescriptor(kind: .etcd, name: "new", port: 2479, interval: .seconds(5))
            var agent = try await TestAgent("n1", in: pool, sources: [old])
            agent.fill(1)
            try await store.ingest([agent.batch(at: midnight)])
            agent.beginEpoch(sources: [new])
            for round in 1...12 {
                clock.now = midnight + seconds(5 * round)
                try await store.ingest([agent.batch(at: clock.now)])
            }
            let up = try await store.samples(
                .equal("__name__", "up"), .equal("instance", "n1:2379"), from: midnight + seconds(25), to: clock.now)
            #expect(up == [])
        }
    }

    @Test func ourOwnAbsenceIsNoSilenceOfOthers() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await SeriesStore.started(pool, clock)
            var agent = try await TestAgent("n1", in: pool)
            agent.fill(1)
            try await store.ingest([agent.batch(at: midnight)])
            clock.now = midnight + seconds(120)
            let restarted = try await SeriesStore.started(pool, clock) { $0.listeningGrace = .seconds(60) }
            let before = try await restarted.samples(.equal("__name__", "up"), from: midnight, to: clock.now)
            #expect(before.map(\.value) == [1])
            clock.now = midnight + seconds(200)
            let after = try await restarted.samples(
                .equal("__name__", "up"), from: midnight + seconds(190), to: clock.now)
            #expect(after.map(\.value) == [0, 0, 0])
        }
    }

    // MARK: Agents that come and go

    @Test func aReplacedAgentContinuesTheSeries() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await SeriesStore.started(pool, clock)
            var first = try await TestAgent("n1", in: pool)
            first.fill(1)
            try await store.ingest([first.batch(at: midnight)])
            try await pool.execute("update agent set revoked_at = \(midnight + seconds(3)) where id = \(first.row)")
            var second = try await TestAgent("n1", in: pool)
            clock.now = midnight + seconds(7)
            second.fill(2)
            try await store.ingest([second.batch(at: clock.now)])
            try await store.refreshAgents()
            let samples = try await store.samples(
                .equal("__name__", "etcd_counter_total"), from: midnight, to: clock.now)
            #expect(samples.map(\.value) == [1, 2])
        }
    }

    @Test func aDeletedAgentIsForgotten() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await SeriesStore.started(pool, clock)
            var agent = try await TestAgent("n1", in: pool)
            agent.fill(1)
            try await store.ingest([agent.batch(at: midnight)])
            try await pool.execute("delete from agent where id = \(agent.row)")
            try await store.refreshAgents()
            #expect(store.sourceCount == 0)
            let all = SeriesSelection(matchers: [.equal("__name__", "up")], start: midnight, end: clock.now)
            #expect(try await store.series(all).isEmpty)
            #expect(try await store.labelSets([all]).isEmpty)
        }
    }

    @Test func whatAStreamBuildsOnIsFoundAfterARestart() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await SeriesStore.started(pool, clock)
            var agent = try await TestAgent("n1", in: pool)
            agent.fill(1)
            try await store.ingest([agent.batch(at: midnight)])
            clock.now = midnight + seconds(3600)
            let restarted = try await SeriesStore.started(pool, clock)
            agent.fill(2)
            let next = try agent.batch(at: clock.now).batch
            var context = StreamContext()
            for _ in 0..<3 {
                let error = #expect(throws: CodecError.self) { try context.admit(next) }
                let missing = try #require(error?.missing)
                guard case .keyframe = missing else {
                    #expect(
                        try await restarted.fill(
                            missing, agent: agent.row, epoch: next.header.epoch, into: &context))
                    continue
                }
                #expect(try await restarted.fill(missing, agent: agent.row, epoch: next.header.epoch, into: &context))
                break
            }
            try context.admit(next)
        }
    }

    // MARK: Derived series

    @Test func derivedSeriesSurviveARestartAndEndWhenLeftOut() async throws {
        try await fixture.withDatabase { pool in
            let clock = MovableClock(midnight)
            let store = try await SeriesStore.started(pool, clock)
            let alert: Labels = ["__name__": "ALERTS", "alertname": "a", "instance": "n1:2379"]
            let other: Labels = ["__name__": "ALERTS", "alertname": "b"]
            try await store.append([(alert, 1), (other, 1)], source: "rules", at: midnight)
            try await store.append([(other, 1)], source: "rules", at: midnight + seconds(5))
            try await store.append([(["__name__": "self"], 7)], source: "aggregator", at: midnight + seconds(5))
            clock.now = midnight + seconds(500)
            for reader in [store, try await SeriesStore.started(pool, clock)] {
                let samples = try await reader.samples(
                    .equal("alertname", "a"), .equal("instance", "n1:2379"), from: midnight, to: clock.now)
                #expect(samples.map(\.value.isStale) == [false, true])
                #expect(try await reader.samples(.equal("alertname", "b"), from: midnight, to: clock.now).count == 2)
                #expect(try await reader.samples(.equal("__name__", "self"), from: midnight, to: clock.now).count == 1)
            }
        }
    }
}
