/// Why a disk was not checked: what was tried, what happened, and what to do.
public struct DiskCheckError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Code: String, Sendable, CaseIterable {
        case fioMissing = "fio-missing"
        /// Before 3.5, which does not report what syncs took.
        case fioTooOld = "fio-too-old"
        case fioFailed = "fio-failed"
        case directoryMissing = "directory-missing"
        case notADirectory = "not-a-directory"
        case denied
        case readOnly = "read-only"
        case noSpace = "no-space"
        /// Not one run gave a figure in its time.
        case tooSlow = "too-slow"
        case cancelled
    }

    /// What went wrong.
    public var code: Code
    /// What was tried and what happened.
    public var message: String
    /// What to do about it.
    public var remedy: String

    init(_ code: Code, _ message: String, remedy: String) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    public var description: String { remedy.isEmpty ? message : "\(message); \(remedy)" }

    static let cancelled = DiskCheckError(.cancelled, "the check was cancelled", remedy: "")
}
