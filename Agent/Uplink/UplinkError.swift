/// Why the agent cannot speak to its aggregator.
public struct UplinkError: Error, CustomStringConvertible {
    /// What callers can tell apart.
    public enum Code: String, Sendable {
        /// The identity on disk is missing, damaged, or cannot be kept.
        case identity
        /// No answer: name, network, deadline.
        case unreachable
        /// The server is not who it should be.
        case untrusted
        /// The aggregator answered, and said no.
        case refused
        /// An answer that no aggregator gives.
        case garbage
    }

    /// The kind of failure.
    public var code: Code
    /// What was tried, on what, and what happened.
    public var message: String
    /// What was beneath, if anything was.
    public var cause: (any Error)?

    /// A failure with `message`.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String { message }
}
