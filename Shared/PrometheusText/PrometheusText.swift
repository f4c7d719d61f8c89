// Reads and writes Prometheus's text format 0.0.4. Reading compares a scrape with the one before and parses only the
// lines that differ, into a SampleBoard; writing serves our own /metrics. Leaves fetching to HTTPClient, identity
// labels to the aggregator and encoding to FrameCodec.

/// What a scrape may hold; beyond it the scrape is refused whole.
public struct ExpositionLimits: Sendable {
    /// Bytes of one body.
    public var bodyBytes = 16 << 20
    /// Series that a board may number, vanished ones included.
    public var series = 50_000

    /// Bytes of a metric's or label's name.
    public var nameBytes = 255
    /// Bytes of a label's value. HELP lines are cut there.
    public var textBytes = 4096
    /// Labels of one series, its name not counted.
    public var labels = 63

    /// 16 MiB, 50,000 series, and what a layout on the wire can hold.
    public init() {}
}

/// Why a body is not text format 0.0.4.
public struct ExpositionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, for a program.
    public enum Code: String, Sendable {
        case bodyTooLarge
        case tooManySeries
        case badName
        case badLabels
        case badValue
        case badTimestamp
        case badComment
        case badText
    }

    /// What is wrong, for a program.
    public var code: Code
    /// The line, counted from 1; 0 for the body as a whole.
    public var line: Int
    /// What was found and what was expected.
    public var message: String

    /// The error `code` in `line`.
    public init(_ code: Code, line: Int, _ message: String) {
        self.code = code
        self.line = line
        self.message = message
    }

    public var description: String { line == 0 ? message : "line \(line): \(message)" }
}
