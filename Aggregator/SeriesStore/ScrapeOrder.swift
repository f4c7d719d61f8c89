internal import Model

/// The scrapes of several parts in one order, one per instant: of two at one instant the one received later counts.
struct ScrapeOrder: Sendable {
    /// Consecutive rows of one part.
    struct Run: Sendable {
        var part: Int
        var rows: Range<Int>
    }

    private(set) var timestamps: [Int64] = []
    /// Where they come from.
    private(set) var runs: [Run] = []

    /// - Parameter parts: each with rising timestamps, and when it was received.
    init(_ parts: [(timestamps: [Int64], receivedAt: Int64)]) {
        let byStart = parts.indices.filter { !parts[$0].timestamps.isEmpty }
            .sorted { parts[$0].timestamps[0] < parts[$1].timestamps[0] }
        let isDisjoint = zip(byStart, byStart.dropFirst()).allSatisfy { before, after in
            parts[before].timestamps[parts[before].timestamps.count - 1] < parts[after].timestamps[0]
        }
        if isDisjoint {
            for part in byStart {
                timestamps += parts[part].timestamps
                runs.append(Run(part: part, rows: parts[part].timestamps.indices))
            }
        } else {
            interleave(parts)
        }
    }

    private mutating func interleave(_ parts: [(timestamps: [Int64], receivedAt: Int64)]) {
        struct Row {
            var timestamp: Int64
            var part: Int
            var row: Int
        }
        var rows: [Row] = []
        for (at, part) in parts.enumerated() {
            for (row, timestamp) in part.timestamps.enumerated() {
                rows.append(Row(timestamp: timestamp, part: at, row: row))
            }
        }
        rows.sort {
            ($0.timestamp, parts[$0.part].receivedAt, $0.part) < ($1.timestamp, parts[$1.part].receivedAt, $1.part)
        }
        for (at, row) in rows.enumerated() {
            if at + 1 < rows.count, rows[at + 1].timestamp == row.timestamp { continue }
            timestamps.append(row.timestamp)
            if let last = runs.last, last.part == row.part, last.rows.upperBound == row.row {
                runs[runs.count - 1].rows = last.rows.lowerBound..<row.row + 1
            } else {
                runs.append(Run(part: row.part, rows: row.row..<row.row + 1))
            }
        }
    }

    /// `columns` of the parts in this order; an empty one has no values.
    func column(of columns: [[Double]]) -> [Double] {
        var values: [Double] = []
        values.reserveCapacity(timestamps.count)
        for run in runs {
            let column = columns[run.part]
            if column.isEmpty {
                values.append(contentsOf: repeatElement(.stale, count: run.rows.count))
            } else {
                values += column[run.rows]
            }
        }
        return values
    }
}
