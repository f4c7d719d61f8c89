/// Why a request cannot be signed, or its signature is refused.
public struct MessageSignatureError: Error, Equatable, CustomStringConvertible {
    /// What callers can tell apart.
    public enum Code: Sendable {
        /// A field or URL that cannot be parsed.
        case malformed
        /// No signature of the expected tag, or a covered field that is not there.
        case missing
        /// Several signatures of the expected tag, or a component covered twice.
        case ambiguous
        /// A required component or parameter that the signature does not cover.
        case uncovered
        /// An algorithm or component this room does not know.
        case unsupported
        /// The signature or digest does not fit.
        case invalid
    }

    /// The kind of failure.
    public var code: Code
    /// What was found, fit to be told to the sender.
    public var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
