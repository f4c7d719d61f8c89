public import FrameCodec
internal import Model

/// Writes a block, one series after the other.
public struct BlockEncoder: Sendable {
    /// zstd's level: more costs ten times the time for four bytes in a hundred.
    public static let level: Int32 = 9
    /// How many series before it a series is compared with: its neighbours in a histogram.
    private static let reach = 3

    private let timestamps: [Int64]
    /// Series so far.
    public private(set) var series = 0
    private var streams: [ByteWriter]
    /// Changes of the series of whole numbers, by number.
    private var followed: [Int: [Column.Change]] = [:]
    /// The last series with these changes.
    private var equals: [[Column.Change]: Int] = [:]

    /// A block of the scrapes at `timestamps`.
    ///
    /// - Parameter timestamps: milliseconds since 1970, at least one, strictly rising, no more than ``BlockLimits/rows``.
    public init(timestamps: [Int64]) {
        precondition(!timestamps.isEmpty && timestamps.count <= BlockLimits.rows)
        self.timestamps = timestamps
        streams = Stream.allCases.map { _ in ByteWriter() }
        writeTimes()
    }

    /// Bytes of the content so far, before compression.
    public var rawBytes: Int { streams.reduce(0) { $0 + $1.bytes.count } }

    /// Adds the next series.
    ///
    /// - Parameter values: one per timestamp; `Double.stale` where the series did not exist.
    public mutating func append(_ values: [Double]) {
        precondition(values.count == timestamps.count && series < BlockLimits.series)
        let column = Column(values)
        var changes = column.changes
        var head = column.kind.rawValue
        var reference: Int?
        if column.kind == .whole {
            if let best = best(column) {
                (reference, changes) = best
                head |= HeadFlag.reference
            }
            remember(column.changes)
        }
        if !column.corrections.isEmpty { head |= HeadFlag.corrections }
        if !column.gaps.isEmpty { head |= HeadFlag.gaps }
        streams[.heads].byte(head)
        streams[.heads].varint(changes.count)
        if let reference { streams[.heads].varint(series - reference) }
        streams[.firsts].signed(column.first)
        write(changes, to: column.kind == .whole ? .wholes : .fractions)
        for correction in column.corrections { streams[.corrections].signed(correction) }
        if !column.gaps.isEmpty { write(column.gaps) }
        series += 1
    }

    /// The whole block.
    ///
    /// - Throws: `.compression`.
    public func finish() throws(CodecError) -> [UInt8] {
        try Compression.compress(content, level: Self.level)
    }

    /// The block before compression.
    var content: [UInt8] {
        var content = ByteWriter()
        content.byte(blockVersion)
        content.varint(timestamps.count)
        content.varint(series)
        for stream in streams { content.varint(stream.bytes.count) }
        for stream in streams { content.raw(stream.bytes) }
        return content.bytes
    }

    private mutating func writeTimes() {
        let step = timestamps.count > 1 ? timestamps[1] - timestamps[0] : 0
        streams[.times].signed(timestamps[0])
        streams[.times].varint(UInt64(step))
        var regular = 0
        func flush(_ writer: inout ByteWriter) {
            guard regular > 0 else { return }
            writer.byte(0)
            writer.varint(regular - 1)
        }
        for at in timestamps.indices.dropFirst() {
            let difference = timestamps[at] - timestamps[at - 1]
            precondition(difference > 0)
            if difference == step {
                regular += 1
            } else {
                flush(&streams[.times])
                regular = 0
                streams[.times].signed(difference - step)
            }
        }
        flush(&streams[.times])
    }

    /// The series before this one that leaves the least to write, and what it leaves.
    private func best(_ column: Column) -> (Int, [Column.Change])? {
        guard !column.changes.isEmpty else { return nil }
        if let equal = equals[column.changes] { return (equal, []) }
        var best: (Int, [Column.Change])?
        // A reference costs a byte of its own.
        var limit = column.changes.count - 1
        for other in stride(from: series - 1, through: max(0, series - Self.reach), by: -1) {
            guard let changes = followed[other], !changes.isEmpty, limit >= 0 else { continue }
            if let rest = column.changes(beyond: changes, limit: limit) {
                best = (other, rest)
                limit = rest.count - 1
            }
        }
        return best
    }

    private mutating func remember(_ changes: [Column.Change]) {
        followed[series - Self.reach] = nil
        guard !changes.isEmpty else { return }
        followed[series] = changes
        equals[changes] = series
    }

    private mutating func write(_ changes: [Column.Change], to stream: Stream) {
        var last: Int32 = 0
        for change in changes {
            streams[.steps].varint(Int(change.row - last - 1))
            last = change.row
            streams[stream].signed(change.by)
        }
    }

    private mutating func write(_ gaps: [Range<Int>]) {
        streams[.gaps].varint(gaps.count)
        var last = 0
        for gap in gaps {
            streams[.gaps].varint(gap.lowerBound - last)
            streams[.gaps].varint(gap.count - 1)
            last = gap.upperBound
        }
    }
}

extension [ByteWriter] {
    fileprivate subscript(stream: Stream) -> ByteWriter {
        get { self[stream.rawValue] }
        _modify { yield &self[stream.rawValue] }
    }
}
