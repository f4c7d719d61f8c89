/// Why bytes are no JSON, or more than was allowed.
public struct JSONError: Error, Equatable, CustomStringConvertible {
    /// What callers can tell apart.
    public enum Code: Sendable {
        /// Not RFC 8259.
        case syntax
        /// A string is not UTF-8 or has an unpaired surrogate.
        case encoding
        /// Nested deeper than the limit.
        case tooDeep
        /// More bytes than the limit.
        case tooLarge
    }

    /// The kind of problem.
    public var code: Code
    /// Where: bytes from the start.
    public var offset: Int
    /// What was expected or found there.
    public var message: String

    public var description: String { "JSON at byte \(offset): \(message)" }
}
