internal import BlockCodec
internal import FrameCodec
internal import Model

/// A row of `rollup` to be written.
struct NewRollup: Sendable {
    var layout: LayoutHash
    /// Numbers in the layout.
    var series: Range<Int>
    var hours: Int
    var body: [UInt8]
}

/// One source's day becoming hours, a window after the other.
struct DayRollup {
    /// The hours of one line of layouts.
    fileprivate struct Line {
        var hours: [Hour] = []
        /// By number in the layout, one per hour.
        var series: [[HourOfSeries]] = []
    }

    fileprivate struct Hour {
        var starts: Int64
        /// Of its first and last scrape.
        var firstAt: Int64
        var lastAt: Int64
    }

    private var lines: [LayoutHash: Line] = [:]

    /// Adds the scrapes of `window`, which follow those that were added before.
    mutating func add(_ window: inout WindowLine) throws(CodecError) {
        var line = lines[window.tip] ?? Line()
        let runs = line.add(hoursOf: window.timestamps)
        while line.series.count < window.series {
            line.series.append([HourOfSeries](repeating: HourOfSeries(), count: line.hours.count))
        }
        for number in 0..<window.series {
            let values = try window.column(number)
            for run in runs {
                var hour = line.series[number][run.hour]
                for value in values[run.rows] { hour.add(value) }
                line.series[number][run.hour] = hour
            }
        }
        lines[window.tip] = line
    }

    /// As rows of the table.
    ///
    /// - Parameter isCounter: whether a series of a layout only rises. What a gauge "lost" means nothing and is left out.
    func rows(isCounter: (LayoutHash, Int) -> Bool) throws(CodecError) -> [NewRollup] {
        var rows: [NewRollup] = []
        for (layout, line) in lines {
            var encoder = line.makeEncoder()
            var first = 0
            for (number, hours) in line.series.enumerated() {
                let isCounter = isCounter(layout, number)
                for part in HourOfSeries.Part.allCases {
                    let isKept = isCounter || part != .lost
                    encoder.append(hours.map { isKept ? $0[part] : .stale })
                }
                guard encoder.rawBytes >= BlockWriter.groupBytes || number + 1 == line.series.count else { continue }
                rows.append(
                    NewRollup(
                        layout: layout, series: first..<number + 1, hours: line.hours.count,
                        body: try encoder.finish()))
                first = number + 1
                encoder = line.makeEncoder()
            }
        }
        return rows
    }
}

extension DayRollup.Line {
    /// Makes room for the hours of `timestamps`.
    ///
    /// - Returns: which rows fall into which hour.
    fileprivate mutating func add(hoursOf timestamps: [Int64]) -> [(hour: Int, rows: Range<Int>)] {
        var runs: [(hour: Int, rows: Range<Int>)] = []
        var row = 0
        while row < timestamps.count {
            let starts = timestamps[row].floored(to: HourOfSeries.milliseconds)
            let end = timestamps.firstIndex(notBelow: starts + HourOfSeries.milliseconds)
            if hours.last?.starts == starts {
                hours[hours.count - 1].lastAt = timestamps[end - 1]
            } else {
                hours.append(
                    DayRollup.Hour(starts: starts, firstAt: timestamps[row], lastAt: timestamps[end - 1]))
                for number in series.indices { series[number].append(HourOfSeries()) }
            }
            runs.append((hours.count - 1, row..<end))
            row = end
        }
        return runs
    }

    /// With the two columns that tell when the scrapes were.
    fileprivate func makeEncoder() -> BlockEncoder {
        var encoder = BlockEncoder(timestamps: hours.map(\.starts))
        encoder.append(hours.map { Double($0.firstAt - $0.starts) })
        encoder.append(hours.map { Double($0.lastAt - $0.starts) })
        return encoder
    }
}
