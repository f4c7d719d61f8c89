public import FrameCodec
internal import Model

/// A block, read: its timestamps, and any of its series on demand.
public struct Block: Sendable {
    /// Milliseconds since 1970, strictly rising, at least one.
    public let timestamps: [Int64]
    /// How many series it has.
    public var series: Int { heads.count }

    private let content: [UInt8]
    private let heads: [Head]

    /// Where a series stands in the streams.
    private struct Head: Sendable {
        var kind: ColumnKind
        var flags: UInt8
        var changes: Int
        /// The series that it follows.
        var reference: Int?
        var first: Int
        var steps: Int
        var numbers: Int
        var corrections: Int
        var gaps: Int
        /// In all streams together.
        var bytes = 0

        var hasCorrections: Bool { flags & HeadFlag.corrections != 0 }
        var hasGaps: Bool { flags & HeadFlag.gaps != 0 }
    }

    /// Reads `bytes` and checks them from end to end, so that no column can fail.
    ///
    /// - Throws: whatever ``BlockEncoder`` would not have written.
    public init(decoding bytes: [UInt8]) throws(CodecError) {
        try self.init(content: try Compression.decompress(bytes, limit: BlockLimits.contentBytes))
    }

    /// Reads what was decompressed.
    init(content: [UInt8]) throws(CodecError) {
        // Not `withUnsafeBytes { throws }`: a closure forgets which error it throws.
        let result = content.withUnsafeBytes { buffer -> Result<([Int64], [Head]), CodecError> in
            do throws(CodecError) { return .success(try Self.read(buffer)) } catch { return .failure(error) }
        }
        (timestamps, heads) = try result.get()
        self.content = content
    }

    /// The values of series `number`: one per timestamp, `Double.stale` where it has none.
    public func column(_ number: Int) -> [Double] { columns([number])[0] }

    /// The values of the series `numbers`, in their order. Neighbours are cheap together: in a histogram, a series is
    /// written as what it differs from the one before.
    public func columns(_ numbers: [Int]) -> [[Double]] {
        content.withUnsafeBytes { buffer in
            var moved: [Int: [Int64]] = [:]
            return numbers.map { number in
                precondition(heads.indices.contains(number))
                return values(of: number, buffer, &moved)
            }
        }
    }

    /// How many bytes of the content, before compression, each series takes.
    public var contentBytes: [Int] { heads.map(\.bytes) }

    // MARK: Columns

    /// What was checked cannot fail.
    private func checked<Value>(_ read: () throws(CodecError) -> Value) -> Value {
        do throws(CodecError) { return try read() } catch { preconditionFailure("a checked block: \(error)") }
    }

    private func values(
        of number: Int, _ buffer: UnsafeRawBufferPointer, _ moved: inout [Int: [Int64]]
    ) -> [Double] {
        let head = heads[number]
        var firsts = ByteReader(buffer, head.first..<buffer.count)
        let first = checked { () throws(CodecError) in try firsts.signed() }
        guard head.changes > 0 || head.reference != nil || head.hasGaps else {
            let correction = head.hasCorrections ? corrections(of: head, buffer)[0] : 0
            return [Double](repeating: head.kind.value(first, correction: correction), count: timestamps.count)
        }
        var values =
            head.kind == .whole
            ? wholes(first, moves(of: number, buffer, &moved)) : fractions(first, head, buffer)
        for gap in head.hasGaps ? gaps(of: head, buffer) : [] {
            for row in gap { values[row] = .stale }
        }
        return values
    }

    private func wholes(_ first: Int64, _ moves: [Int64]) -> [Double] {
        var number = first
        var values = [Double](repeating: Double(first), count: timestamps.count)
        for row in 1..<max(1, values.count) {
            number &+= moves[row]
            values[row] = Double(number)
        }
        return values
    }

    /// By how much a series of whole numbers moves at each row, with what it follows.
    private func moves(
        of number: Int, _ buffer: UnsafeRawBufferPointer, _ moved: inout [Int: [Int64]]
    ) -> [Int64] {
        // From the first of the chain on: a long one must not fill the stack.
        var chain: [Int] = []
        var next: Int? = number
        while let link = next, moved[link] == nil {
            chain.append(link)
            next = heads[link].reference
        }
        var moves = next.flatMap { moved[$0] } ?? [Int64](repeating: 0, count: timestamps.count)
        for link in chain.reversed() {
            eachChange(of: heads[link], buffer) { row, by, _ in moves[row] &+= by }
            moved[link] = moves
        }
        return moves
    }

    private func fractions(_ first: Int64, _ head: Head, _ buffer: UnsafeRawBufferPointer) -> [Double] {
        let corrections = head.hasCorrections ? corrections(of: head, buffer) : []
        var number = first
        var values = [Double](
            repeating: head.kind.value(first, correction: corrections.first ?? 0), count: timestamps.count)
        var from = 0
        eachChange(of: head, buffer) { row, by, ordinal in
            for before in from..<row where from > 0 { values[before] = values[from] }
            number &+= by
            values[row] = head.kind.value(number, correction: corrections.isEmpty ? 0 : corrections[ordinal + 1])
            from = row
        }
        for row in from..<values.count where from > 0 { values[row] = values[from] }
        return values
    }

    private func eachChange(
        of head: Head, _ buffer: UnsafeRawBufferPointer, _ body: (_ row: Int, _ by: Int64, _ ordinal: Int) -> Void
    ) {
        checked { () throws(CodecError) in
            var steps = ByteReader(buffer, head.steps..<buffer.count)
            var numbers = ByteReader(buffer, head.numbers..<buffer.count)
            var row = 0
            for ordinal in 0..<head.changes {
                row += Int(try steps.varint()) + 1
                body(row, try numbers.signed(), ordinal)
            }
        }
    }

    private func corrections(of head: Head, _ buffer: UnsafeRawBufferPointer) -> [Int64] {
        checked { () throws(CodecError) in
            var reader = ByteReader(buffer, head.corrections..<buffer.count)
            var corrections: [Int64] = []
            for _ in 0...head.changes { corrections.append(try reader.signed()) }
            return corrections
        }
    }

    private func gaps(of head: Head, _ buffer: UnsafeRawBufferPointer) -> [Range<Int>] {
        checked { () throws(CodecError) in
            var reader = ByteReader(buffer, head.gaps..<buffer.count)
            return try Self.gaps(&reader, rows: timestamps.count)
        }
    }

    // MARK: Checking

    private static func read(_ buffer: UnsafeRawBufferPointer) throws(CodecError) -> ([Int64], [Head]) {
        var reader = ByteReader(buffer, 0..<buffer.count)
        guard try reader.byte() == blockVersion else {
            throw CodecError(.unsupported, "a block of another version; a newer aggregator wrote it")
        }
        let rows = try bounded(&reader, 1...BlockLimits.rows, "rows")
        let series = try bounded(&reader, 0...BlockLimits.series, "series")
        var streams = try Streams(&reader, buffer)
        let timestamps = try times(&streams, rows: rows)
        var heads: [Head] = []
        // No count is believed before it is checked against the bytes that are left.
        heads.reserveCapacity(min(series, streams[.heads].left / 2))
        for number in 0..<series { heads.append(try head(number, rows: rows, heads, &streams)) }
        for stream in Stream.allCases { try streams[stream].finish() }
        return (timestamps, heads)
    }

    private static func bounded(
        _ reader: inout ByteReader, _ range: ClosedRange<Int>, _ what: String
    ) throws(CodecError) -> Int {
        let at = reader.at
        let count = try reader.varint()
        guard count <= UInt64(range.upperBound), Int(count) >= range.lowerBound else {
            throw CodecError(.tooLarge, at: at, "\(count) \(what)")
        }
        return Int(count)
    }

    private static func times(_ streams: inout Streams, rows: Int) throws(CodecError) -> [Int64] {
        func invalid(_ at: Int) -> CodecError { CodecError(.malformed, at: at, "timestamps that do not rise") }
        let first = try streams[.times].signed()
        let step = Int64(bitPattern: try streams[.times].varint())
        var timestamps = [first]
        while timestamps.count < rows {
            let at = streams[.times].at
            let deviation = try streams[.times].signed()
            var count: UInt64 = 1
            if deviation == 0 { count = try streams[.times].varint() &+ 1 }
            guard count > 0, count <= UInt64(rows - timestamps.count) else { throw invalid(at) }
            let (difference, overflows) = step.addingReportingOverflow(deviation)
            guard difference > 0, !overflows else { throw invalid(at) }
            for _ in 0..<count {
                let (next, overflows) = timestamps[timestamps.count - 1].addingReportingOverflow(difference)
                guard !overflows else { throw invalid(at) }
                timestamps.append(next)
            }
        }
        return timestamps
    }

    private static func head(
        _ number: Int, rows: Int, _ heads: [Head], _ streams: inout Streams
    ) throws(CodecError) -> Head {
        let at = streams[.heads].at
        let before = streams.left
        let flags = try streams[.heads].byte()
        guard let kind = ColumnKind(rawValue: flags & HeadFlag.kinds), flags & HeadFlag.unknown == 0 else {
            throw CodecError(.malformed, at: at, "no such kind of series")
        }
        let changes = try bounded(&streams[.heads], 0...rows - 1, "changes")
        var reference: Int?
        if flags & HeadFlag.reference != 0 {
            reference = number - (try bounded(&streams[.heads], 1...max(1, number), "series back"))
            guard kind == .whole, let followed = reference, followed >= 0, heads[followed].kind == .whole else {
                throw CodecError(.malformed, at: at, "a series cannot follow that one")
            }
        }
        let numbers = kind == .whole ? Stream.wholes : .fractions
        var head = Head(
            kind: kind, flags: flags, changes: changes, reference: reference, first: streams[.firsts].at,
            steps: streams[.steps].at, numbers: streams[numbers].at, corrections: streams[.corrections].at,
            gaps: streams[.gaps].at)
        guard !head.hasCorrections || kind.scale != nil else {
            throw CodecError(.malformed, at: at, "corrections of what needs none")
        }
        _ = try streams[.firsts].varint()
        try checkChanges(changes, rows: rows, in: numbers, &streams)
        if head.hasCorrections { for _ in 0...changes { _ = try streams[.corrections].varint() } }
        if head.hasGaps { _ = try gaps(&streams[.gaps], rows: rows) }
        head.bytes = before - streams.left
        return head
    }

    private static func checkChanges(
        _ count: Int, rows: Int, in numbers: Stream, _ streams: inout Streams
    ) throws(CodecError) {
        var row = 0
        for _ in 0..<count {
            let at = streams[.steps].at
            let step = try streams[.steps].varint()
            guard step < UInt64(rows - 1 - row) else {
                throw CodecError(.malformed, at: at, "a change behind the last row")
            }
            row += Int(step) + 1
            _ = try streams[numbers].varint()
        }
    }

    private static func gaps(_ reader: inout ByteReader, rows: Int) throws(CodecError) -> [Range<Int>] {
        var gaps: [Range<Int>] = []
        var last = 0
        for _ in 0..<(try reader.count(bytesEach: 2, limit: rows)) {
            let at = reader.at
            let (before, more) = (try reader.varint(), try reader.varint())
            guard before < UInt64(rows - last), more < UInt64(rows - last) - before else {
                throw CodecError(.malformed, at: at, "a gap behind the last row")
            }
            let start = last + Int(before)
            last = start + Int(more) + 1
            gaps.append(start..<last)
        }
        return gaps
    }
}

/// A reader for each stream of a block.
private struct Streams {
    private var readers: [ByteReader] = []

    init(_ reader: inout ByteReader, _ buffer: UnsafeRawBufferPointer) throws(CodecError) {
        var lengths: [Int] = []
        for _ in Stream.allCases { lengths.append(try reader.count()) }
        for length in lengths { readers.append(ByteReader(buffer, try reader.skip(length))) }
        try reader.finish()
    }

    /// Bytes of all streams that were not read yet.
    var left: Int { readers.reduce(0) { $0 + $1.left } }

    subscript(stream: Stream) -> ByteReader {
        get { readers[stream.rawValue] }
        _modify { yield &readers[stream.rawValue] }
    }
}
