internal import BlockCodec
internal import FrameCodec
internal import Logging
internal import Model
internal import SeriesQuery
internal import Synchronization

// Long windows, answered from rollups.
extension SeriesStore {
    /// Days whose rollups a query holds in memory at a time.
    private static let daysAtATime: Int64 = 28

    /// The whole hours of `selection` that are read from rollups, as instants; nil for none.
    ///
    /// Where windows begin and end on hours, rollups tell the same as samples and are far fewer. Others are off by what
    /// is left of an hour at each end, so for them samples are read as long as there are any.
    func rolledHours(of selection: SeriesSelection, isOnHours: Bool) async throws -> Range<Int64>? {
        // Hours of lanes cannot be put together: see RemoteSeries.
        let catalogue = state.withLock { $0.catalogue }
        guard !QueryPlan(selection.matchers, in: catalogue).targets.contains(where: \.isRemote) else { return nil }
        let (rolledThrough, blocksFrom) = try await rollups.extent()
        let through = isOnHours ? rolledThrough : min(rolledThrough, blocksFrom)
        let hour = HourOfSeries.milliseconds
        // A window that is open at its start begins a millisecond after the hour.
        let first = (selection.start.milliseconds - 1 + hour - 1).floored(to: hour)
        let end = min(through, selection.end.milliseconds.floored(to: hour))
        return first < end ? first..<end : nil
    }

    /// The samples of `selection` outside of `hours`, and what `statistic` needs of the hours inside.
    func series(
        _ selection: SeriesSelection, _ statistic: SeriesSelection.Statistic, inRollupsOf hours: Range<Int64>
    ) async throws -> [SampledSeries] {
        var (before, after) = (selection, selection)
        (before.need, after.need) = (.everySample, .everySample)
        before.end = Timestamp(milliseconds: hours.lowerBound - 1)
        after.start = Timestamp(milliseconds: hours.upperBound)
        // A window that is open at its start has nothing before its first hour.
        let isBefore = before.end - before.start > .milliseconds(1)
        var parts = isBefore ? [try await samples(before)] : []
        parts.append(try await rolled(selection, statistic, hours))
        if after.start <= after.end { parts.append(try await samples(after)) }
        return Self.joined(parts, between: before.end.milliseconds, and: after.start.milliseconds)
    }

    /// `parts`, of which the one with weights lies strictly between two instants, and the others before and after it.
    private static func joined(
        _ parts: [[SampledSeries]], between first: Int64, and last: Int64
    ) -> [SampledSeries] {
        var joined: [Labels: SampledSeries] = [:]
        let isRolled = Set(parts.joined().filter { $0.weights != nil }.map(\.labels))
        for series in parts.joined() {
            var series = series
            if isRolled.contains(series.labels), series.weights == nil {
                // A store may return more than it was asked for; here that would be told twice.
                let isFirst = joined[series.labels] == nil && (series.timestamps.first ?? last) <= first
                let kept = series.timestamps.indices.filter {
                    isFirst ? series.timestamps[$0] <= first : series.timestamps[$0] >= last
                }
                series = SampledSeries(
                    labels: series.labels, timestamps: kept.map { series.timestamps[$0] },
                    values: kept.map { series.values[$0] })
                series.weights = kept.map { _ in 1 }
            }
            if joined[series.labels] == nil {
                joined[series.labels] = series
            } else {
                joined[series.labels]?.append(series)
            }
        }
        return joined.values.sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
    }

    private func rolled(
        _ selection: SeriesSelection, _ statistic: SeriesSelection.Statistic, _ hours: Range<Int64>
    ) async throws -> [SampledSeries] {
        let catalogue = state.withLock { $0.catalogue }
        let targets = QueryPlan(selection.matchers, in: catalogue).targets
        var columns = [[Labels: RolledColumn]](repeating: [:], count: targets.count)
        var targetOfSource: [Int32: Int] = [:]
        var wanted: [WantedBlocks] = []
        for (at, target) in targets.enumerated() {
            for source in target.sources { targetOfSource[source.id] = at }
            wanted += target.blocks(through: hours.upperBound - 1)
        }
        let firstDay = hours.lowerBound.floored(to: CalendarDay.milliseconds)
        for some in stride(from: 0, to: wanted.count, by: Self.sourcesAtATime) {
            let part = Array(wanted[some..<min(wanted.count, some + Self.sourcesAtATime)])
            let length = Self.daysAtATime * CalendarDay.milliseconds
            for from in stride(from: firstDay, to: hours.upperBound, by: Int(length)) {
                try Task.checkCancellation()
                let days = from..<min(hours.upperBound, from + length)
                for row in try await rollups.rollups(part, days: days) {
                    guard let at = targetOfSource[row.source], let wanted = targets[at].wanted[row.layout] else {
                        continue
                    }
                    add(row, wanted, hours, statistic, to: &columns[at])
                }
                await Task.yield()
            }
        }
        var result: [SampledSeries] = []
        for (target, columns) in zip(targets, columns) {
            result += Self.series(of: target, columns, hours, statistic, catalogue)
        }
        return result
    }

    private func add(
        _ row: StoredRollup, _ wanted: QueryPlan.Wanted, _ hours: Range<Int64>,
        _ statistic: SeriesSelection.Statistic, to columns: inout [Labels: RolledColumn]
    ) {
        do throws(CodecError) {
            let rollup = try Rollup(row)
            for (number, labels) in zip(wanted.numbers, wanted.labels) where row.series.contains(number) {
                for hour in rollup.hours(of: number) where hours.contains(hour.starts) {
                    columns[labels, default: RolledColumn()].add(hour, for: statistic)
                }
            }
        } catch {
            logger.error(
                "a rollup could not be decoded",
                metadata: ["source": "\(row.source)", "day": "\(row.day)", "error": "\(error)"])
        }
    }

    private static func series(
        of target: QueryPlan.Target, _ columns: [Labels: RolledColumn], _ hours: Range<Int64>,
        _ statistic: SeriesSelection.Statistic, _ catalogue: Catalogue
    ) -> [SampledSeries] {
        let lifetimes = target.isOwn ? [] : Silence.joined(target.sources.map(catalogue.lifetime))
        var columns = columns
        let up: Labels = [Labels.metricName: "up"]
        if !target.isOwn, target.wanted.values.contains(where: { $0.labels.contains(up) }) {
            columns[up, default: RolledColumn()].addSilence(
                of: lifetimes, interval: target.interval, hours, for: statistic)
        }
        return columns.compactMap { labels, column in
            var column = column
            column.sort()
            guard !column.timestamps.isEmpty else { return nil }
            var series = SampledSeries(
                labels: labels.adding(target.key.identity), timestamps: column.timestamps, values: column.values)
            series.weights = column.weights
            return series
        }
    }
}

extension RolledColumn {
    /// Tells the silence of a target, whose `up` this is, in each of `hours` within its `lifetimes`.
    fileprivate mutating func addSilence(
        of lifetimes: [ClosedRange<Int64>], interval: Int64, _ hours: Range<Int64>,
        for statistic: SeriesSelection.Statistic
    ) {
        for starts in stride(from: hours.lowerBound, to: hours.upperBound, by: Int(HourOfSeries.milliseconds)) {
            let ends = starts + HourOfSeries.milliseconds
            let expected = lifetimes.reduce(0) { sum, lifetime in
                sum + max(0, min(ends, lifetime.upperBound) - max(starts, lifetime.lowerBound)) / interval
            }
            let missed = Double(expected) - (counts[starts] ?? 0)
            if missed > Silence.toleranceInIntervals { addSilence(inHour: starts, weight: missed, for: statistic) }
        }
    }
}

extension SampledSeries {
    /// Adds the samples of `later`, which all come after these.
    fileprivate mutating func append(_ later: SampledSeries) {
        timestamps += later.timestamps
        values += later.values
        if let weights, let more = later.weights { self.weights = weights + more }
    }
}
