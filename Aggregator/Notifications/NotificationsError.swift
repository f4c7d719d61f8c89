/// Why something could not be told.
public struct NotificationsError: Error, Sendable, CustomStringConvertible {
    /// Callers switch on it.
    public enum Code: String, Sendable {
        /// A secret cannot be read.
        case secret
        /// The ledger holds what this version cannot read.
        case ledger
        /// What was asked for is not possible as it is.
        case invalid
        /// There is no such silence or acknowledgement.
        case notFound = "not-found"
        /// There are as many silences as there may be, or it is over already.
        case conflict
        /// Asked too often.
        case tooMany = "too-many"
        /// There is no channel of that name.
        case noChannel = "no-channel"
    }

    /// What kind.
    public var code: Code
    /// For the operator; holds no secret.
    public var message: String
    /// How long to wait before asking again, with `.tooMany`.
    public var retryAfter: Duration?

    /// The error `code`, told in `message`.
    public init(_ code: Code, _ message: String, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }

    public var description: String { message }
}
