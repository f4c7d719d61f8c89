/// Why a query has no answer.
public struct QueryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The words of Prometheus's API (`errorType`).
    public enum Kind: String, Sendable {
        /// The query or a parameter is wrong: asking again will not help.
        case badData = "bad_data"
        /// The query is right, its evaluation failed: matching errors, limits, an unreadable store.
        case execution
        /// The deadline passed.
        case timeout
        /// The asker went away.
        case canceled
        /// Our mistake.
        case `internal`
    }

    /// What kind of failure.
    public var kind: Kind
    /// For the asker. Parse errors begin with their place, line and column: `1:5: parse error: …`; others that are about
    /// a place end with it: `… (1:5)`.
    public var message: String
    /// Where in the query, in UTF-8 bytes; nil if it is about no place.
    public var position: SourceRange?

    /// A failure.
    public init(_ kind: Kind, _ message: String, at position: SourceRange? = nil) {
        self.kind = kind
        self.message = message
        self.position = position
    }

    /// With line and column behind its message, as warnings have them, if it is about a place.
    func placed(in text: [UInt8]) -> QueryError {
        guard let position else { return self }
        return QueryError(kind, "\(message) (\(position.place(in: text)))", at: position)
    }

    /// The message.
    public var description: String { message }
}

/// A piece of the query's text, in UTF-8 bytes.
public struct SourceRange: Hashable, Sendable {
    /// First byte.
    public var start: Int
    /// Behind the last byte.
    public var end: Int

    /// The bytes from `start` up to `end`.
    public init(_ start: Int, _ end: Int) {
        self.start = start
        self.end = end
    }

    /// `line:column` of the first byte, both from 1, in `text`; what Prometheus puts before messages.
    func place(in text: [UInt8]) -> String {
        let before = text.prefix(max(start, 0))
        let line = before.reduce(into: 1) { if $1 == 0x0a { $0 += 1 } }
        let lineStart = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
        return "\(line):\(before.count - lineStart + 1)"
    }
}
