/// A condition on one label. A label that a series lacks counts as "".
public struct LabelMatcher: Hashable, Sendable, CustomStringConvertible {
    /// `=`, `!=`, `=~`, `!~`.
    public enum Operation: String, Sendable {
        case equal = "="
        case notEqual = "!="
        case matches = "=~"
        case doesNotMatch = "!~"
    }

    /// The label.
    public let name: String
    /// The comparison.
    public let operation: Operation
    /// The text or pattern compared with.
    public let value: String

    private init(unchecked name: String, _ operation: Operation, _ value: String) {
        self.name = name
        self.operation = operation
        self.value = value
    }

    /// `name="value"`.
    public static func equal(_ name: String, _ value: String) -> LabelMatcher {
        LabelMatcher(unchecked: name, .equal, value)
    }

    /// `name!="value"`.
    public static func notEqual(_ name: String, _ value: String) -> LabelMatcher {
        LabelMatcher(unchecked: name, .notEqual, value)
    }

    public var description: String { "\(name)\(operation.rawValue)\"\(value)\"" }
}
