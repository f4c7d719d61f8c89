public import DurableFiles

/// Why the spool could not do what it was asked.
public struct SpoolError: Error, Sendable, CustomStringConvertible {
    /// What happened, for a program.
    public enum Code: String, Sendable {
        /// Another process has the directory open.
        case locked
        /// The disk is full.
        case full
        /// The disk refused otherwise.
        case disk
        /// A batch that was made for another slot.
        case wrongSlot
        /// A batch larger than the spool.
        case tooLarge
        /// A record cannot be read back.
        case damaged
    }

    /// What happened, for a program.
    public var code: Code
    /// What was tried and what the system said.
    public var message: String
    /// The system call that failed.
    public var cause: FileError?

    /// The error `code`.
    public init(_ code: Code, _ message: String, cause: FileError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    init(_ what: String, _ error: FileError) {
        let code: Code =
            switch error.code {
            case .locked: .locked
            case .noSpace: .full
            default: .disk
            }
        self.init(code, "\(what): \(error)", cause: error)
    }

    public var description: String { message }
}
