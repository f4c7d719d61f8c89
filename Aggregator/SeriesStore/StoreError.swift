/// Why the store did not take what it was given.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, for a program.
    public enum Code: String, Sendable {
        /// It waited too long; given again it will be taken.
        case tooLate
        /// Samples come from more times at once than are kept apart.
        case outOfOrder
        /// There are more series than there is room for.
        case full
    }

    /// What is wrong, for a program.
    public var code: Code
    /// What was found and what was expected.
    public var message: String

    /// The error `code`.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
