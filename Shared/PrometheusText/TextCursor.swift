/// Reads one line of the text format. Offsets are from the start of the body.
struct TextCursor {
    let bytes: UnsafeRawBufferPointer
    var at: Int
    let line: Int

    init(_ bytes: UnsafeRawBufferPointer, at: Int, line: Int) {
        self.bytes = bytes
        self.at = at
        self.line = line
    }

    /// The byte here; 0x0a at the end of the body, which ends a line as a line feed does.
    var current: UInt8 { at < bytes.count ? bytes[at] : UInt8(ascii: "\n") }

    func problem(_ code: ExpositionError.Code, _ message: String) -> ExpositionError {
        ExpositionError(code, line: line, message)
    }

    mutating func skipBlanks() {
        while at < bytes.count, bytes[at] == UInt8(ascii: " ") || bytes[at] == UInt8(ascii: "\t") { at += 1 }
    }

    /// Passes over the line feed.
    mutating func endLine() { at = min(at + 1, bytes.count) }

    /// Where the text ends that began at `at`: before a blank or the end of the line. Moves there.
    mutating func word() -> Range<Int> {
        let start = at
        while at < bytes.count, bytes[at] > UInt8(ascii: " ") { at += 1 }
        return start..<at
    }

    /// `[a-zA-Z_][a-zA-Z0-9_]*`, with `:` too for metrics. Moves behind it.
    mutating func name(isMetric: Bool, limit: Int) throws(ExpositionError) -> Range<Int> {
        let start = at
        scan: while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): break
            case UInt8(ascii: ":") where isMetric: break
            case UInt8(ascii: "0")...UInt8(ascii: "9") where at > start: break
            default: break scan
            }
            at += 1
        }
        guard at > start else {
            throw problem(.badName, isMetric ? "a metric's name should be here" : "a label's name should be here")
        }
        guard at - start <= limit else { throw problem(.badName, "a name of more than \(limit) bytes") }
        return start..<at
    }

    /// Reads a value, maybe a timestamp, and the end of the line.
    mutating func valueAndEnd() throws(ExpositionError) -> Double {
        skipBlanks()
        let text = word()
        guard !text.isEmpty else { throw problem(.badValue, "a value should be here") }
        guard let value = DecimalReader.value(of: UnsafeRawBufferPointer(rebasing: bytes[text])) else {
            throw problem(.badValue, "\"\(String(decoding: bytes[text].prefix(40), as: UTF8.self))\" is no value")
        }
        skipBlanks()
        if current != UInt8(ascii: "\n") { try timestamp() }
        guard current == UInt8(ascii: "\n") else {
            throw problem(.badText, "the line should end after the value and its timestamp")
        }
        endLine()
        return value
    }

    /// Milliseconds since the epoch, a whole number that fits 64 bits; checked and left.
    private mutating func timestamp() throws(ExpositionError) {
        let text = String(decoding: bytes[word()].prefix(40), as: UTF8.self)
        guard Int64(text) != nil else { throw problem(.badTimestamp, "\"\(text)\" is no timestamp") }
        skipBlanks()
    }
}
