/// Why a regular expression was refused.
public struct PatternError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of mistake.
    public enum Code: String, Sendable {
        case syntax
        case unsupported
        case tooLarge
    }

    /// What kind of mistake.
    public var code: Code
    /// What is wrong, for the author of the pattern.
    public var message: String
    /// Where, in bytes from the start of the pattern.
    public var position: Int

    init(_ code: Code, _ message: String, at position: Int) {
        self.code = code
        self.message = message
        self.position = position
    }

    /// The sentence with the place.
    public var description: String { "error parsing regexp: \(message) (at byte \(position))" }
}
