internal import Glibc

/// Why a collector could not read what it wanted.
public struct HostError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Code: String, Sendable {
        /// The kernel or this host does not have it.
        case absent
        /// The agent's user may not read it.
        case denied
        /// It was read and is not what it should be.
        case malformed
        /// Any other failure of the system call.
        case failed
    }

    /// What went wrong.
    public var code: Code
    /// What was read, and what happened.
    public var message: String

    /// An error with `message`.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The error of the system call that just failed on `what`.
    package init(errno number: Int32, on what: String) {
        let code: Code =
            switch number {
            case ENOENT, ENOTDIR, ESRCH, ENODEV, EOPNOTSUPP: .absent
            case EACCES, EPERM: .denied
            default: .failed
            }
        self.init(code, "\(what): \(String(cString: strerror(number)))")
    }

    public var description: String { message }
}
