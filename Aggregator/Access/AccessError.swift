/// Why Access refused or failed.
public struct AccessError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of refusal; callers switch on it.
    public enum Code: String, Sendable {
        /// Name or password is wrong, or there is no such user: never told apart.
        case wrongCredentials = "wrong-credentials"
        /// Too many attempts; see `retryAfter`.
        case tooManyAttempts = "too-many-attempts"
        /// Too many passwords are being checked at this moment; try again.
        case overloaded
        /// No session or token, or one that is unknown, expired or revoked.
        case unauthenticated
        /// Known, but not permitted.
        case forbidden
        /// The named user or token does not exist.
        case notFound = "not-found"
        /// A user of that name exists already.
        case alreadyExists = "already-exists"
        /// A value is out of its range; the message says which.
        case invalid
        /// It would leave the installation without an administrator.
        case lastAdministrator = "last-administrator"
    }

    /// What kind.
    public var code: Code
    /// For the person who asked; holds no secret.
    public var message: String
    /// When another attempt is worth making.
    public var retryAfter: Duration?

    /// The error `code`, told in `message`.
    public init(_ code: Code, _ message: String, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }

    public var description: String { message }
}
