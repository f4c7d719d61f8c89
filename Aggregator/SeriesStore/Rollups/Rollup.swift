internal import BlockCodec
internal import FrameCodec
internal import Model

/// A row of `rollup`, read.
struct Rollup {
    /// The columns before those of the series: when the first and the last scrape of each hour were, in milliseconds from
    /// its start.
    static let timeColumns = 2

    private let block: Block
    private let series: Range<Int>
    private let firsts: [Double]
    private let lasts: [Double]

    /// - Throws: whatever ``DayRollup`` would not have written.
    init(_ row: StoredRollup) throws(CodecError) {
        block = try Block(decoding: row.body)
        series = row.series
        guard block.series == Self.timeColumns + series.count * HourOfSeries.Part.allCases.count else {
            throw CodecError(.contradiction, "\(block.series) columns for \(series.count) series")
        }
        guard
            block.timestamps.allSatisfy({
                $0.floored(to: CalendarDay.milliseconds) == row.day && $0 % HourOfSeries.milliseconds == 0
            })
        else {
            throw CodecError(.contradiction, "hours that are not of its day")
        }
        let times = block.columns([0, 1])
        (firsts, lasts) = (times[0], times[1])
        let range = 0..<Double(HourOfSeries.milliseconds)
        guard zip(firsts, lasts).allSatisfy({ range.contains($0) && range.contains($1) && $0 <= $1 }) else {
            throw CodecError(.contradiction, "scrapes that are not in their hour")
        }
    }

    /// The hours of the series `number` of the layout.
    func hours(of number: Int) -> [RolledColumn.Hour] {
        let parts = HourOfSeries.Part.allCases.count
        let first = Self.timeColumns + (number - series.lowerBound) * parts
        let columns = block.columns(Array(first..<first + parts))
        return block.timestamps.indices.map { row in
            let starts = block.timestamps[row]
            return RolledColumn.Hour(
                starts: starts, firstAt: starts + Int64(firsts[row]), lastAt: starts + Int64(lasts[row]),
                numbers: columns.map { $0[row] })
        }
    }
}
