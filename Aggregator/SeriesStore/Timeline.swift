internal import Model

/// The scrapes of one target, in order, each with the columns that its layout has: turned into series that share their
/// timestamps.
struct Timeline: Sendable {
    /// Per layout, the labels of the wanted series as a reader sees them, without identity; in the order of
    /// `Segment.columns`.
    private let layouts: [[Labels]]
    private let segments: [Segment]
    private let order: ScrapeOrder

    /// Puts `segments` in order.
    init(layouts: [[Labels]], segments: [Segment]) {
        self.layouts = layouts
        self.segments = segments
        order = ScrapeOrder(segments.map { (timestamps: $0.timestamps, receivedAt: $0.receivedAt) })
    }

    /// The instants of all scrapes.
    var timestamps: [Int64] { order.timestamps }

    /// The series of the scrapes from `start` to `end`, with `identity` added and `gaps` told: `up` is 0 at each missed
    /// instant, `interval` apart, and all other series end at the first. A series without any sample is left out.
    func series(
        from start: Int64, through end: Int64, identity: Labels, gaps: [Silence.Gap], interval: Int64
    ) -> [SampledColumn] {
        let columns = unifiedColumns()
        let ends = gaps.map(\.first).filter { (start...end).contains($0) }
        let missed = gaps.flatMap { gap in
            Self.grid(gap, interval, from: start, through: end)
        }
        let merged = axis(from: start, through: end, markers: ends)
        let full = axis(from: start, through: end, markers: missed)
        // A loop and not `compactMap`: Swift 6.3.1's optimiser crashes on the closure.
        var result: [SampledColumn] = []
        for (number, labels) in columns.labels.enumerated() {
            let isUp = labels.metric == "up" && labels.count == 1
            let axis = isUp ? full : merged
            let values = column(number, axis, columns.places, at: isUp ? 0 : .stale)
            guard values.contains(where: { !$0.isStale }) else { continue }
            result.append(
                SampledColumn(labels: labels.adding(identity), timestamps: axis.timestamps, values: values))
        }
        return result
    }

    /// Which column of the result each column of each layout is.
    private struct Columns {
        var labels: [Labels]
        /// Per layout and column of the result, the index in `Segment.columns`; nil where the layout lacks the series.
        var places: [[Int?]]
    }

    private func unifiedColumns() -> Columns {
        if layouts.count == 1 { return Columns(labels: layouts[0], places: [layouts[0].indices.map(\.self)]) }
        var numbers: [Labels: Int] = [:]
        var labels: [Labels] = []
        for one in layouts.joined() where numbers[one] == nil {
            numbers[one] = labels.count
            labels.append(one)
        }
        let places = layouts.map { layout in
            var places = [Int?](repeating: nil, count: labels.count)
            for (at, one) in layout.enumerated() { if let number = numbers[one] { places[number] = at } }
            return places
        }
        return Columns(labels: labels, places: places)
    }

    /// The instants of a gap within a range.
    private static func grid(_ gap: Silence.Gap, _ interval: Int64, from start: Int64, through end: Int64) -> [Int64] {
        let skipped = max(0, (start - gap.first + interval - 1) / interval)
        let last = min(gap.last, end)
        let first = gap.first + skipped * interval
        return first <= last ? Array(stride(from: first, through: last, by: Int(interval))) : []
    }

    /// Timestamps of rows and markers in order.
    fileprivate struct Axis {
        var timestamps: [Int64] = []
        /// What stands at them; nil for one marker.
        var pieces: [ScrapeOrder.Run?] = []
    }

    private func axis(from start: Int64, through end: Int64, markers: [Int64]) -> Axis {
        var axis = Axis()
        var pending = markers[...]
        for run in order.runs {
            let timestamps = segments[run.part].timestamps
            var row = max(run.rows.lowerBound, timestamps.firstIndex(notBelow: start))
            let last = min(run.rows.upperBound, timestamps.firstIndex(notBelow: end + 1))
            while row < last {
                while let marker = pending.first, marker <= timestamps[row] {
                    pending.removeFirst()
                    // Where there is a scrape, nothing was missed.
                    if marker < timestamps[row] { axis.append(marker) }
                }
                let next = pending.first.map { min(last, timestamps.firstIndex(notBelow: $0)) } ?? last
                axis.pieces.append(ScrapeOrder.Run(part: run.part, rows: row..<next))
                axis.timestamps += timestamps[row..<next]
                row = next
            }
        }
        for marker in pending { axis.append(marker) }
        return axis
    }

    private func column(_ number: Int, _ axis: Axis, _ places: [[Int?]], at marker: Double) -> [Double] {
        var values: [Double] = []
        values.reserveCapacity(axis.timestamps.count)
        for piece in axis.pieces {
            guard let piece else {
                values.append(marker)
                continue
            }
            let segment = segments[piece.part]
            if let place = places[segment.layout][number], !segment.columns[place].isEmpty {
                values += segment.columns[place][piece.rows]
            } else {
                // A layout without the series: it did not exist then, which reads like its end.
                values.append(contentsOf: repeatElement(.stale, count: piece.rows.count))
            }
        }
        return values
    }
}

extension Timeline.Axis {
    fileprivate mutating func append(_ marker: Int64) {
        timestamps.append(marker)
        pieces.append(nil)
    }
}

/// A series on its way to the asker.
struct SampledColumn: Sendable {
    var labels: Labels
    var timestamps: [Int64]
    var values: [Double]

    /// Both together; of two samples at one instant the one of `other` counts unless it is stale.
    func merged(with other: SampledColumn) -> SampledColumn {
        var result = SampledColumn(labels: labels, timestamps: [], values: [])
        var (left, right) = (0, 0)
        while left < timestamps.count || right < other.timestamps.count {
            let mine = left < timestamps.count ? timestamps[left] : .max
            let theirs = right < other.timestamps.count ? other.timestamps[right] : .max
            let takesTheirs = theirs < mine || theirs == mine && !other.values[right].isStale
            result.timestamps.append(min(mine, theirs))
            result.values.append(takesTheirs ? other.values[right] : values[left])
            if mine <= theirs { left += 1 }
            if theirs <= mine { right += 1 }
        }
        return result
    }
}
