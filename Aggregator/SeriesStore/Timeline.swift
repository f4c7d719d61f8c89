internal import Model

/// The decoded scrapes of one target, in order, each with the columns that its layout has: turned into series that
/// share their timestamps.
struct Timeline: Sendable {
    /// One scrape: the values of the wanted series of its layout.
    struct Row: Sendable {
        var timestamp: Int64
        var receivedAt: Int64
        /// Index into `layouts`.
        var layout: Int
        var values: [Double]
    }

    /// Per layout, the labels of the wanted series as a reader sees them, without identity; in the order of
    /// `Row.values`.
    var layouts: [[Labels]]
    /// In order, one per instant.
    private(set) var rows: [Row]

    /// Sorts `rows`; of two at one instant the one received later counts.
    init(layouts: [[Labels]], rows: [Row]) {
        self.layouts = layouts
        let isSorted = zip(rows, rows.dropFirst()).allSatisfy { $0.timestamp < $1.timestamp }
        guard !isSorted else {
            self.rows = rows
            return
        }
        var result: [Row] = []
        result.reserveCapacity(rows.count)
        for row in rows.sorted(by: { ($0.timestamp, $0.receivedAt) < ($1.timestamp, $1.receivedAt) }) {
            if result.last?.timestamp == row.timestamp { result.removeLast() }
            result.append(row)
        }
        self.rows = result
    }

    /// The series of the rows from `start` to `end`, with `identity` added and `gaps` told: `up` is 0 at each missed
    /// instant, `interval` apart, and all other series end at the first. A series without any sample is left out.
    func series(
        from start: Int64, through end: Int64, identity: Labels, gaps: [Silence.Gap], interval: Int64
    ) -> [SampledColumn] {
        let columns = unifiedColumns()
        let inside = rows.filter { (start...end).contains($0.timestamp) }
        let ends = gaps.map(\.first).filter { (start...end).contains($0) }
        let missed = gaps.flatMap { gap in
            Self.grid(gap, interval, from: start, through: end)
        }
        let merged = merge(inside, markers: ends)
        let full = merge(inside, markers: missed)
        // A loop and not `compactMap`: Swift 6.3.1's optimiser crashes on the closure.
        var result: [SampledColumn] = []
        for (number, labels) in columns.labels.enumerated() {
            let isUp = labels.metric == "up" && labels.count == 1
            let (slots, timestamps) = isUp ? (full.slots, full.timestamps) : (merged.slots, merged.timestamps)
            let values = column(number, slots, inside, columns.places, at: isUp ? 0 : .stale)
            guard values.contains(where: { !$0.isStale }) else { continue }
            result.append(SampledColumn(labels: labels.adding(identity), timestamps: timestamps, values: values))
        }
        return result
    }

    /// Which column of the result each value of each layout is.
    private struct Columns {
        var labels: [Labels]
        /// Per layout and column, the index in `Row.values`; nil where the layout lacks the series.
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

    /// Timestamps of rows and markers in order. A slot is the row's index, nil for a marker.
    fileprivate struct Axis {
        var timestamps: [Int64] = []
        var slots: [Int?] = []
    }

    private func merge(_ rows: [Row], markers: [Int64]) -> Axis {
        var axis = Axis()
        axis.timestamps.reserveCapacity(rows.count + markers.count)
        axis.slots.reserveCapacity(rows.count + markers.count)
        var pending = markers[...]
        for (at, row) in rows.enumerated() {
            while let marker = pending.first, marker <= row.timestamp {
                pending.removeFirst()
                if marker < row.timestamp { axis.append(marker, nil) }
            }
            axis.append(row.timestamp, at)
        }
        for marker in pending { axis.append(marker, nil) }
        return axis
    }

    private func column(
        _ number: Int, _ slots: [Int?], _ rows: [Row], _ places: [[Int?]], at marker: Double
    ) -> [Double] {
        slots.map { slot in
            guard let slot else { return marker }
            let row = rows[slot]
            // A layout without the series: it did not exist then, which reads like its end.
            return places[row.layout][number].map { row.values[$0] } ?? .stale
        }
    }
}

extension Timeline.Axis {
    fileprivate mutating func append(_ timestamp: Int64, _ slot: Int?) {
        timestamps.append(timestamp)
        slots.append(slot)
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

extension Labels {
    /// With the labels of `others`, which win.
    func adding(_ others: Labels) -> Labels {
        var result = self
        for label in others { result[label.name] = label.value }
        return result
    }
}
