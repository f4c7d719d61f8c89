/// Why something could not be told.
public struct NotificationsError: Error, Sendable, CustomStringConvertible {
    /// Callers switch on it.
    public enum Code: String, Sendable {
        /// A secret cannot be read.
        case secret
        /// The ledger holds what this version cannot read.
        case ledger
        /// There is no channel of that name.
        case noChannel = "no-channel"
    }

    /// What kind.
    public var code: Code
    /// For the operator; holds no secret.
    public var message: String

    /// The error `code`, told in `message`.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
