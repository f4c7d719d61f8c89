public import Model

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
    /// `value` compiled, for `=~` and `!~`.
    private let pattern: Pattern?

    private init(name: String, _ operation: Operation, _ value: String, pattern: Pattern?) {
        self.name = name
        self.operation = operation
        self.value = value
        self.pattern = pattern
    }

    /// `name="value"`.
    public static func equal(_ name: String, _ value: String) -> LabelMatcher {
        LabelMatcher(name: name, .equal, value, pattern: nil)
    }

    /// `name!="value"`.
    public static func notEqual(_ name: String, _ value: String) -> LabelMatcher {
        LabelMatcher(name: name, .notEqual, value, pattern: nil)
    }

    /// `name=~"pattern"`: `pattern` matches the whole value; `.` matches line feeds too, as in Prometheus.
    public static func matches(_ name: String, _ pattern: String) throws(PatternError) -> LabelMatcher {
        LabelMatcher(name: name, .matches, pattern, pattern: try Pattern(pattern))
    }

    /// `name!~"pattern"`.
    public static func doesNotMatch(_ name: String, _ pattern: String) throws(PatternError) -> LabelMatcher {
        LabelMatcher(name: name, .doesNotMatch, pattern, pattern: try Pattern(pattern))
    }

    /// The condition `name operation "value"`.
    public init(_ name: String, _ operation: Operation, _ value: String) throws(PatternError) {
        switch operation {
        case .equal, .notEqual: self.init(name: name, operation, value, pattern: nil)
        case .matches, .doesNotMatch: self.init(name: name, operation, value, pattern: try Pattern(value))
        }
    }

    /// Texts are compared byte by byte; the pattern follows from the text.
    public static func == (left: LabelMatcher, right: LabelMatcher) -> Bool {
        left.operation == right.operation && left.name == right.name && left.value.hasSameBytes(as: right.value)
    }

    /// The hash of name, operation and text.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(operation)
        hasher.combine(value)
    }

    /// Whether a label with this value satisfies the condition; "" for an absent label.
    public func matches(_ value: String) -> Bool {
        switch operation {
        case .equal: value.hasSameBytes(as: self.value)
        case .notEqual: !value.hasSameBytes(as: self.value)
        case .matches: pattern?.matches(value) ?? false
        case .doesNotMatch: !(pattern?.matches(value) ?? true)
        }
    }

    /// Whether a series with `labels` satisfies the condition.
    public func matches(_ labels: Labels) -> Bool {
        matches(labels[name] ?? "")
    }

    /// The only values that can satisfy the condition, if they are few and known: for a store's index.
    public var candidates: [String]? {
        switch operation {
        case .equal: [value]
        case .matches: pattern?.literals
        case .notEqual, .doesNotMatch: nil
        }
    }

    /// Whether a series without this label satisfies the condition.
    public var matchesEmpty: Bool { matches("") }

    /// As PromQL writes it.
    public var description: String { "\(name)\(operation.rawValue)\"\(Labels.escaped(value))\"" }
}
