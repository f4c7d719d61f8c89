internal import Glibc
public import Model

/// Turns scrapes of one target into the values of one board.
///
/// Keeps the bytes of the body before, so that lines which did not change cost a comparison and nothing else. One
/// parser belongs to one target and one board.
public struct ExpositionParser: Sendable {
    /// What a body may hold.
    public let limits: ExpositionLimits

    /// A line of the body before: its place, and what it means.
    private struct Line: Sendable {
        var start: Int32
        /// Of the text before the value, blanks included; the whole line for one without a value.
        var prefix: Int32
        /// With its line feed.
        var length: Int32
        /// The series, or −1 for comments and empty lines.
        var number: Int32
        /// Whether it gave the series its value: of two lines of one series the first does, as in Prometheus.
        var isFirst = true
    }

    private var body: [UInt8] = []
    private var lines: [Line] = []
    private var spare: [Line] = []
    private var metadata = FamilyMetadata()
    /// Per series the round it was last seen in.
    private var seenIn: [UInt32] = []
    private var round: UInt32 = 0

    /// A parser that has seen nothing.
    public init(limits: ExpositionLimits = ExpositionLimits()) {
        self.limits = limits
    }

    /// Sets the value of each line of `body` on `board`; the caller calls `board.begin()` before and `board.end()`
    /// after, so that it can add series of its own to the round. Timestamps in the body are checked and not used: the
    /// scrape's instant counts.
    ///
    /// - Throws: at the first bad line. The board then holds a part of the scrape: begin the round again.
    public mutating func parse(_ body: [UInt8], into board: inout SampleBoard) throws(ExpositionError) {
        guard body.count <= min(limits.bodyBytes, Int(Int32.max)) else {
            throw ExpositionError(.bodyTooLarge, line: 0, "\(body.count) bytes; the limit is \(limits.bodyBytes)")
        }
        round &+= 1
        var after = spare
        spare = []
        after.removeAll(keepingCapacity: true)
        do throws(ExpositionError) {
            try body.withUnsafeBufferPointer { (new) throws(ExpositionError) in
                try self.body.withUnsafeBufferPointer { (old) throws(ExpositionError) in
                    try compare(UnsafeRawBufferPointer(new), UnsafeRawBufferPointer(old), &after, &board)
                }
            }
        } catch {
            // What was kept describes values that the board may no longer hold.
            self.body = []
            lines = []
            throw error
        }
        self.body = body
        spare = lines
        lines = after
    }

    /// Walks both bodies side by side.
    private mutating func compare(
        _ new: UnsafeRawBufferPointer, _ old: UnsafeRawBufferPointer, _ after: inout [Line], _ board: inout SampleBoard
    ) throws(ExpositionError) {
        guard let newBytes = new.baseAddress, !new.isEmpty else { return }
        var index: [Int: Int32]?
        var at = 0
        var next = 0
        while at < new.count {
            var line = next < lines.count ? lines[next] : Line(start: 0, prefix: .max, length: .max, number: -1)
            if line.isFirst, Int(line.length) <= new.count - at, let oldBytes = old.baseAddress,
                memcmp(newBytes + at, oldBytes + Int(line.start), Int(line.length)) == 0
            {
                if line.number >= 0 {
                    line.isFirst = isFirst(line.number)
                    if line.isFirst { board.keep(Int(line.number)) }
                }
            } else if line.number >= 0, Int(line.prefix) <= new.count - at, let oldBytes = old.baseAddress,
                memcmp(newBytes + at, oldBytes + Int(line.start), Int(line.prefix)) == 0
            {
                try set(&line, new, at, line: after.count + 1, &board)
            } else {
                (line, next) = try resynchronise(new, old, at, next, line: after.count + 1, &index, &board)
            }
            line.start = Int32(at)
            at += Int(line.length)
            after.append(line)
            next += 1
        }
        // A last line without line feed could equal the beginning of a longer one: it is read anew next time.
        if new[new.count - 1] != UInt8(ascii: "\n") { after.removeLast() }
    }

    /// The series' value changed and nothing before it did.
    private mutating func set(
        _ line: inout Line, _ new: UnsafeRawBufferPointer, _ at: Int, line number: Int, _ board: inout SampleBoard
    ) throws(ExpositionError) {
        var cursor = TextCursor(new, at: at + Int(line.prefix), line: number)
        let value = try cursor.valueAndEnd()
        line.length = Int32(cursor.at - at)
        line.isFirst = isFirst(line.number)
        if line.isFirst { board.set(Int(line.number), to: value) }
    }

    /// The line at `at` is not the one that stood here: finds where it stood, or reads it whole. Gives the line and the
    /// place that it had before, from where the comparison goes on.
    private mutating func resynchronise(
        _ new: UnsafeRawBufferPointer, _ old: UnsafeRawBufferPointer, _ at: Int, _ next: Int, line number: Int,
        _ index: inout [Int: Int32]?, _ board: inout SampleBoard
    ) throws(ExpositionError) -> (Line, Int) {
        var cursor = TextCursor(new, at: at, line: number)
        guard try !cursor.skipComment(into: &metadata, limits: limits) else {
            let length = Int32(cursor.at - at)
            // A comment in place of another one: go on after both. A new one: the old line may still come.
            let isReplaced = next < lines.count && lines[next].number < 0
            return (Line(start: 0, prefix: length, length: length, number: -1), isReplaced ? next : next - 1)
        }
        let syntax = try cursor.series(limits: limits)
        var line = Line(start: 0, prefix: Int32(cursor.at - at), length: 0, number: -1)
        let prefix = UnsafeRawBufferPointer(rebasing: new[at..<cursor.at])
        let places = index ?? indexed(old)
        index = places
        if let place = places[hash(prefix)], case let known = lines[Int(place)], known.prefix == line.prefix,
            old[Int(known.start)..<Int(known.start + known.prefix)].elementsEqual(prefix)
        {
            line.number = known.number
            try set(&line, new, at, line: number, &board)
            return (line, Int(place))
        }
        line.number = try self.number(of: syntax, new, line: number, &board)
        try set(&line, new, at, line: number, &board)
        return (line, next - 1)
    }

    /// The number that the board gives a series which was not in the body before.
    private mutating func number(
        of syntax: SeriesSyntax, _ bytes: UnsafeRawBufferPointer, line: Int, _ board: inout SampleBoard
    ) throws(ExpositionError) -> Int32 {
        let labels = try syntax.labels(bytes, limits: limits, line: line)
        let number = board.number(of: labels, family: metadata.family(of: labels.metric, on: &board))
        guard number < limits.series else {
            throw ExpositionError(.tooManySeries, line: line, "more than \(limits.series) series")
        }
        return Int32(number)
    }

    /// Whether this is the series' first line in this round.
    private mutating func isFirst(_ number: Int32) -> Bool {
        let number = Int(number)
        if number >= seenIn.count {
            seenIn.append(contentsOf: repeatElement(0, count: number + 1 - seenIn.count))
        }
        if seenIn[number] == round { return false }
        seenIn[number] = round
        return true
    }

    /// Where the series of the body before stand, by the hash of what is before their values.
    private func indexed(_ old: UnsafeRawBufferPointer) -> [Int: Int32] {
        var index: [Int: Int32] = [:]
        index.reserveCapacity(lines.count)
        for (place, line) in lines.enumerated() where line.number >= 0 {
            let prefix = old[Int(line.start)..<Int(line.start + line.prefix)]
            index[hash(UnsafeRawBufferPointer(rebasing: prefix))] = Int32(place)
        }
        return index
    }

    private func hash(_ prefix: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: prefix)
        return hasher.finalize()
    }
}
