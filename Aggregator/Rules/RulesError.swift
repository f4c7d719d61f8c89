/// What went wrong with rules.
public struct RulesError: Error, Sendable, CustomStringConvertible {
    /// Callers switch on it.
    public enum Code: String, Sendable {
        /// A template in a label or annotation cannot be understood or expanded.
        case template
        /// A parameter that a comment declares cannot be found, or its value cannot be used.
        case parameter
        /// The expression could not be evaluated.
        case evaluation
        /// Two results of one rule have the same labels once the rule's labels are added.
        case duplicateLabels = "duplicate-labels"
        /// More alerts or series than the group's limit.
        case limit
        /// There is no such rule.
        case notFound = "not-found"
        /// A backtest cannot be made as it was asked for.
        case backtest
        /// Another aggregator evaluates the rules now; this one has to stop.
        case notTheRunner = "not-the-runner"
    }

    /// What kind.
    public var code: Code
    /// For the person who wrote the rule.
    public var message: String

    /// The error `code`, told in `message`.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
