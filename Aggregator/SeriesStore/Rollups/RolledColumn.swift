internal import Model
internal import SeriesQuery

/// A series' hours as samples that have the same statistic.
struct RolledColumn: Sendable {
    private(set) var timestamps: [Int64] = []
    private(set) var values: [Double] = []
    /// How many samples each stands for.
    private(set) var weights: [Double] = []
    /// How many samples there were in each hour, by its start.
    private(set) var counts: [Int64: Double] = [:]

    /// One hour of a series: its numbers, and when its source was scraped first and last.
    struct Hour {
        var starts: Int64
        var firstAt: Int64
        var lastAt: Int64
        /// By `HourOfSeries.Part`.
        var numbers: [Double]

        subscript(part: HourOfSeries.Part) -> Double { numbers[part.rawValue] }
    }

    /// Adds what `statistic` needs of `hour`.
    mutating func add(_ hour: Hour, for statistic: SeriesSelection.Statistic) {
        let count = hour[.count]
        guard !count.isStale else { return }
        counts[hour.starts, default: 0] += count
        // Windows are open at their start: the sample of an hour that begins with it belongs to it all the same.
        let firstAt = max(hour.firstAt, hour.starts + 1)
        let lastAt = max(hour.lastAt, firstAt)
        switch statistic {
        case .minimum: append(hour[.minimum], at: lastAt, weight: count)
        case .maximum: append(hour[.maximum], at: lastAt, weight: count)
        case .last: append(hour[.last], at: lastAt, weight: count)
        case .mean: append(hour[.sum] / count, at: lastAt, weight: count)
        case .increase:
            guard lastAt > firstAt else { return append(hour[.last], at: lastAt, weight: count) }
            append(hour[.first], at: firstAt, weight: 1)
            if hour[.lost] > 0, lastAt - firstAt > 2 {
                // Rises to what was lost and falls to nothing: one reset that counts like all of them.
                append(hour[.lost], at: firstAt + 1, weight: 0)
                append(0, at: firstAt + 2, weight: 0)
            }
            append(hour[.last], at: lastAt, weight: count - 1)
        }
    }

    /// Adds `weight` instants of the hour that begins at `starts` at which the target did not answer.
    mutating func addSilence(inHour starts: Int64, weight: Double, for statistic: SeriesSelection.Statistic) {
        if statistic == .increase { return }
        // What was heard last in the hour may have been heard before or after the silence; it counts.
        if statistic == .last, counts[starts] != nil { return }
        append(0, at: starts + HourOfSeries.milliseconds - 1, weight: weight)
    }

    private mutating func append(_ value: Double, at timestamp: Int64, weight: Double) {
        timestamps.append(timestamp)
        values.append(value)
        weights.append(weight)
    }

    /// In order; of two samples at one instant the later one was added later, and counts.
    mutating func sort() {
        guard zip(timestamps, timestamps.dropFirst()).contains(where: { $0 >= $1 }) else { return }
        let order = timestamps.indices.sorted { (timestamps[$0], $0) < (timestamps[$1], $1) }
        let kept = order.enumerated().filter { at, row in
            at + 1 == order.count || timestamps[order[at + 1]] != timestamps[row]
        }.map(\.element)
        (timestamps, values, weights) = (kept.map { timestamps[$0] }, kept.map { values[$0] }, kept.map { weights[$0] })
    }
}
