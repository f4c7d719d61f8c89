import Model
import SeriesQuery
import TestSupport
import Testing

@testable import SeriesStore

/// Who asks for the newest sample only is spared the reading, and told the same.
@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct NewestSampleTests {
    /// Two members, one of which pauses twice; the store forgets after a minute and is asked after its second restart.
    @Test func theNewestSampleIsThatOfTheWholeRange() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let clock = MovableClock(midnight)
            var store = try await SeriesStore.started(pool, clock) { $0.recentAge = .seconds(120) }
            var steady = try await TestAgent("n1", in: pool)
            var pausing = try await TestAgent("n2", in: pool)
            for round in 0..<60 {
                clock.now = midnight + seconds(5 * round)
                if round == 40 { store = try await SeriesStore.started(pool, clock) { $0.recentAge = .seconds(120) } }
                steady.fill(Double(round))
                try await store.ingest([steady.batch(at: clock.now)])
                guard !(20..<30).contains(round), round < 50 else { continue }
                pausing.fill(Double(100 + round))
                try await store.ingest([pausing.batch(at: clock.now)])
            }
            clock.now = clock.now + seconds(20)
            var compared = 0
            for second in stride(from: 0, through: 315, by: 3) {
                let end = midnight + seconds(second)
                for metric in ["up", "etcd_counter_total"] {
                    func ask(_ need: SeriesSelection.Need) async throws -> [Labels: Sample] {
                        let selection = SeriesSelection(
                            matchers: [.equal("__name__", metric)], start: end - seconds(60), end: end, need: need)
                        var newest: [Labels: Sample] = [:]
                        for series in try await store.series(selection) {
                            let at = series.timestamps.lastIndex {
                                (selection.start.milliseconds...end.milliseconds).contains($0)
                            }
                            guard let at, !series.values[at].isStale else { continue }
                            newest[series.labels] = Sample(
                                Timestamp(milliseconds: series.timestamps[at]), series.values[at])
                        }
                        return newest
                    }
                    let (all, newest) = (try await ask(.everySample), try await ask(.newestSample))
                    #expect(newest == all, "\(metric) at second \(second)")
                    compared += all.count
                }
            }
            #expect(compared > 300)
        }
    }
}
