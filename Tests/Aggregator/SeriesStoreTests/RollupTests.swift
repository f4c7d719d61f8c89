import Model
import Postgres
import PromQL
import SeriesQuery
import TestSupport
import Testing

@testable import SeriesStore

/// Hours tell of long windows what all samples tell.
@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct RollupTests {
    private let fixture = PostgresFixture.shared

    @Test(
        "windows on whole hours, and single ones anywhere, have the same values as with all samples",
        arguments: [
            "rate(etcd_counter_total[4h])", "increase(etcd_counter_total[2h])", "delta(etcd_counter_total[24h])",
            "min_over_time(etcd_counter_total[3h])", "max_over_time(etcd_counter_total[3h])",
            "avg_over_time(etcd_counter_total[5h])", "sum_over_time(etcd_counter_total[2h])",
            "count_over_time(etcd_counter_total[2h])", "last_over_time(etcd_counter_total[2h])",
            "present_over_time(etcd_counter_total[2h])", "avg_over_time(up[6h])", "min_over_time(up[6h])",
            "sum(rate(etcd_counter_total[4h] offset 1h))", "max_over_time(rate(etcd_counter_total[2h])[4h:1h])",
        ])
    func sameAsSamples(query: String) async throws {
        try await fixture.withDatabase { pool in
            var world = try await RollupWorld(pool)
            // Counts 7 a scrape; restarts within an hour, right at its end, and twice in one; says nothing for five hours.
            try await world.ingest(0..<12 * 50) { round in
                switch round {
                case 100..<120, 300..<360: nil
                default: Double(7 * (round % 155 % 131))
                }
            }
            try await world.store.compact()
            let (start, end) = (midnight + hours(26), midnight + hours(49))
            let rolled = try await world.rolled.range(query, start: start, end: end, step: hours(1))
            let raw = try await world.raw.range(query, start: start, end: end, step: hours(1))
            expectEqual(rolled, raw)
            #expect(rolled.infos.contains { $0.contains("rollups of 1h") })
            #expect(rolled.samplesRead < raw.samplesRead)
            let instant = midnight + seconds(49 * 3600 + 1234)
            expectEqual(
                try await world.rolled.instant(query, at: instant), try await world.raw.instant(query, at: instant))
        }
    }

    @Test func windowsThatCutHoursAreReadFromSamplesAsLongAsThereAreSome() async throws {
        try await fixture.withDatabase { pool in
            var world = try await RollupWorld(pool)
            try await world.ingest(0..<12 * 26) { Double($0) }
            try await world.store.compact()
            for (query, step) in [("rate(etcd_counter_total[150m])", 3600), ("rate(etcd_counter_total[2h])", 1800)] {
                let result = try await world.rolled.range(
                    query, start: midnight + hours(3), end: midnight + hours(20), step: seconds(step))
                #expect(result.infos.isEmpty)
            }
            let short = try await world.rolled.instant("rate(etcd_counter_total[1h])", at: midnight + hours(20))
            #expect(short.infos.isEmpty)
        }
    }

    @Test func hoursStayWhenTheirSamplesAreGone() async throws {
        try await fixture.withDatabase { pool in
            var world = try await RollupWorld(pool) { $0.retention = hours(24) }
            try await world.ingest(0..<12 * 24) { Double($0) }
            try await world.pause(until: 12 * 72)
            try await world.ingest(12 * 72..<12 * 74) { Double($0) }
            try await world.store.compact()
            #expect(try await world.store.blocks.mergedDays.all().allSatisfy { $0.starts > midnight.milliseconds })
            let rate = try await world.rolled.instant("rate(etcd_counter_total[12h])", at: midnight + hours(20))
            #expect(abs(try rate.only - 1.0 / 300) < 1e-12)
            // Windows that cut hours: right but for what is left of an hour at each end.
            let cut = try await world.rolled.range(
                "increase(etcd_counter_total[10h])", start: midnight + seconds(12 * 3600 + 1800),
                end: midnight + seconds(20 * 3600 + 1800), step: hours(1))
            guard case .matrix(let series) = cut.value, let values = series.first?.values else {
                Issue.record("no matrix")
                return
            }
            #expect(values.count == 9 && values.allSatisfy { abs($0 - 120) <= 12 })
            // A late scrape of a day that is gone does not take the place of its hours.
            world.agent.fill(1)
            try await world.store.ingest([
                world.agent.batch(at: midnight + seconds(60), receivedAt: world.clock.now)
            ])
            try await world.pause(until: 12 * 84)
            try await world.store.compact()
            let again = try await world.rolled.instant("rate(etcd_counter_total[12h])", at: midnight + hours(20))
            #expect(try again.only == rate.only)
        }
    }

    @Test func lateScrapesAreRolledUpAgain() async throws {
        try await fixture.withDatabase { pool in
            var world = try await RollupWorld(pool)
            try await world.ingest(0..<120) { Double($0) }
            // The link was down for hours; all of it comes days later.
            world.agent.beginEpoch()
            var late: [AcceptedBatch] = []
            for round in 120..<200 {
                world.agent.fill(Double(round))
                late.append(try world.agent.batch(at: midnight + seconds(300 * round + 7)))
            }
            world.agent.beginEpoch()
            try await world.ingest(200..<12 * 50) { Double($0) }
            try await world.store.compact()
            let count = "count_over_time(etcd_counter_total[24h])"
            #expect(try await world.rolled.instant(count, at: midnight + hours(24)).only == 288 - 80)
            for var batch in late.shuffled() {
                batch.receivedAt = world.clock.now
                try await world.store.ingest([batch])
            }
            try await world.ingest(12 * 50..<12 * 54) { Double($0) }
            try await world.store.compact()
            #expect(try await world.rolled.instant(count, at: midnight + hours(24)).only == 288)
            let query = "increase(etcd_counter_total[6h])"
            let (start, end) = (midnight + hours(6), midnight + hours(40))
            expectEqual(
                try await world.rolled.range(query, start: start, end: end, step: hours(1)),
                try await world.raw.range(query, start: start, end: end, step: hours(1)))
        }
    }

    @Test("an agent whose clock steps", arguments: [-5400, 5400])
    func clockSteps(by step: Int) async throws {
        try await fixture.withDatabase { pool in
            var world = try await RollupWorld(pool)
            try await world.ingest(0..<100) { Double($0) }
            world.clockError = seconds(step)
            try await world.ingest(100..<200) { Double($0) }
            world.clockError = .zero
            try await world.ingest(200..<12 * 26) { Double($0) }
            try await world.store.compact()
            for query in ["count_over_time(etcd_counter_total[3h])", "max_over_time(etcd_counter_total[3h])"] {
                let (start, end) = (midnight + hours(3), midnight + hours(25))
                expectEqual(
                    try await world.rolled.range(query, start: start, end: end, step: hours(1)),
                    try await world.raw.range(query, start: start, end: end, step: hours(1)))
            }
        }
    }

    @Test func layoutsMayGrowAndBeginAnew() async throws {
        try await fixture.withDatabase { pool in
            var world = try await RollupWorld(pool)
            try await world.ingest(0..<70, extra: ["a", "b"]) { Double($0) }
            try await world.ingest(70..<130, extra: ["a", "b", "c"]) { Double($0) }
            world.agent.beginEpoch()
            world.agent.board = .init()
            try await world.ingest(130..<12 * 26, extra: ["c", "d"]) { Double($0) }
            try await world.store.compact()
            for name in ["a", "b", "c", "d", "etcd_counter_total"] {
                // A rate is told from the hour's first scrape on, though the series began later.
                for function in ["avg_over_time", "max_over_time", "count_over_time"] {
                    let query = "\(function)(\(name)[4h])"
                    let (start, end) = (midnight + hours(4), midnight + hours(24))
                    expectEqual(
                        try await world.rolled.range(query, start: start, end: end, step: hours(1)),
                        try await world.raw.range(query, start: start, end: end, step: hours(1)))
                }
            }
        }
    }

    @Test func severalMakersAtOnceDoTheWorkOnce() async throws {
        try await fixture.withDatabase { pool in
            var world = try await RollupWorld(pool)
            try await world.ingest(0..<12 * 26) { Double($0) }
            let stores = [world.store, try await RollupWorld.start(pool, world.clock)]
            try await withThrowingTaskGroup { group in
                for store in stores { group.addTask { try await store.compact() } }
                try await group.waitForAll()
            }
            #expect(
                try await pool.query("select starts_at, hours from rollup").map { try $0["hours", as: Int.self] } == [
                    24
                ])
            #expect(try await pool.query("select from rollup_due where day < \(midnight.milliseconds + 1)").isEmpty)
        }
    }

    @Test func oldWeeksOfHoursAreDropped() async throws {
        try await fixture.withDatabase { pool in
            var world = try await RollupWorld(pool) { $0.rollupRetention = hours(60 * 24) }
            try await world.ingest(0..<24) { Double($0) }
            try await world.pause(until: 12 * 24 * 50)
            try await world.store.compact()
            #expect(try await world.store.rollups.days.all().count == 1)
            try await world.pause(until: 12 * 24 * 90)
            try await world.store.compact()
            #expect(try await world.store.rollups.days.all().isEmpty)
        }
    }

    @Test func checkAndReportCoverRollups() async throws {
        try await fixture.withDatabase { pool in
            var world = try await RollupWorld(pool)
            try await world.ingest(0..<12 * 26) { Double($0) }
            try await world.store.compact()
            #expect(try await world.store.report().rollups > 0)
            try await pool.execute("update rollup set series = series + 1")
            var damages: [String] = []
            try await world.store.check(progress: { _ in }, found: { damages.append($0.place) })
            #expect(damages.count == 1 && damages[0].hasPrefix("rollup of source"))
            // It is left out of answers, and what can be read is told.
            let result = try await world.rolled.instant(
                "count_over_time(etcd_counter_total[25h])", at: midnight + hours(25))
            #expect(try result.only <= 13)
        }
    }
}

@Suite struct HourOfSeriesTests {
    @Test(
        arguments: [[1], [5, 9, 12], [5, 9, 3, 4, 20], [5, 9, 0, 12, 2, 30], [0, 0, 0], [7, .nan, 8], [.nan]]
            as [[Double]])
    func aFewSamplesHaveTheStatisticsOfAll(values: [Double]) {
        var hour = HourOfSeries()
        for value in values { hour.add(value) }
        hour.add(.stale)
        var increase = 0.0
        for (before, value) in zip(values, values.dropFirst()) { increase += value < before ? value : value - before }
        if !values.contains(where: \.isNaN) { #expect(hour.last - hour.first + hour.lost == increase) }
        var column = RolledColumn()
        column.add(
            RolledColumn.Hour(
                starts: 0, firstAt: 0, lastAt: 3_599_999, numbers: HourOfSeries.Part.allCases.map { hour[$0] }),
            for: .increase)
        var told = 0.0
        for (before, value) in zip(column.values, column.values.dropFirst()) {
            told += value < before ? value : value - before
        }
        #expect(same(told, increase) || increase.isNaN || values.count == 1)
        #expect(column.weights.reduce(0, +) == Double(values.count))
        let numbers = values.filter { !$0.isNaN }
        #expect(same(hour.minimum, numbers.min() ?? .nan) && same(hour.maximum, numbers.max() ?? .nan))
    }

    private func same(_ left: Double, _ right: Double) -> Bool { left == right || left.isNaN && right.isNaN }
}
