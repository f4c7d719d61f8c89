/// Why a request got no complete answer, or a mail was not taken.
public struct HTTPClientError: Error, CustomStringConvertible {
    /// What callers can tell apart.
    public enum Code: String, Sendable {
        /// The URL, a header or an option cannot be used.
        case invalidRequest
        /// The host's name has no address.
        case unresolved
        /// Nobody listens there, or the network says no.
        case refused
        /// The deadline passed.
        case timeout
        /// No TLS session: certificate, name, version or key.
        case tls
        /// The connection broke, or the peer does not speak the protocol.
        case broken
        /// The answer is larger than allowed.
        case tooLarge
        /// The task was cancelled, or the client shut down.
        case cancelled
        /// A mail server refused: see `answer`.
        case rejected
    }

    /// The kind of failure.
    public var code: Code
    /// What was tried, on what, and what happened; holds the URL without its query.
    public var message: String
    /// The mail server's answer code (RFC 5321: 4xx try again, 5xx never), if it gave one.
    public var answer: Int?

    /// A failure.
    public init(code: Code, message: String, answer: Int? = nil) {
        self.code = code
        self.message = message
        self.answer = answer
    }

    public var description: String { message }
}
