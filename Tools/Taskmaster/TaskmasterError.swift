/// Why a command did nothing.
struct TaskmasterError: Error, Equatable, CustomStringConvertible {
    /// The exit status.
    enum Code: Int32, CaseIterable, Sendable {
        /// A file could not be read or written.
        case file = 1
        /// A PRD, plan or state file is not what it should be; nothing was written.
        case malformed = 2
        /// There is no task or subtask with that id.
        case unknown = 3
        /// Another process kept the plan locked.
        case busy = 4
    }

    var code: Code
    /// What was tried, on what, what happened and what helps; one problem a line.
    var description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
