// Files that survive a crash: whole writes despite EINTR, atomic replacement, locks, checksums. Errors carry what was
// tried, on what, and the system's own words. Leaves formats to the rooms that own them.

/// A system call on a file that failed.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// What a caller may want to tell apart.
    public enum Code: String, Sendable {
        /// ENOENT.
        case notFound
        /// EEXIST.
        case exists
        /// ENOSPC, EDQUOT.
        case noSpace
        /// EACCES, EPERM, EROFS.
        case denied
        /// Held by another process.
        case locked
        /// Larger than the caller accepts.
        case tooLarge
        /// Not what was written.
        case damaged
        /// Everything else; see `errno`.
        case system
    }

    /// What happened, for a program.
    public var code: Code
    /// What was tried: `open`, `rename`, …
    public var operation: String
    /// On what.
    public var path: String
    /// The system's number, 0 if the refusal is ours.
    public var errno: Int32

    /// `operation` on `path` failed with `errno`.
    public init(_ operation: String, path: String, errno: Int32) {
        self.operation = operation
        self.path = path
        self.errno = errno
        code = Self.code(of: errno)
    }

    /// `operation` on `path` was refused by us with `code`.
    public init(_ code: Code, _ operation: String, path: String) {
        self.code = code
        self.operation = operation
        self.path = path
        errno = 0
    }

    /// Without the path: it may be shown to anyone.
    public var description: String { "\(operation): \(reason)" }

    /// With the path.
    public var debugDescription: String { "\(operation) \(path): \(reason)" }
}
