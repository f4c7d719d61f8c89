public import Model

/// How the evaluation of a group goes.
public struct RuleGroupStatus: Sendable {
    /// The file.
    public var file: String
    /// The group.
    public var name: String
    /// How often it is evaluated.
    public var interval: Duration
    /// The most alerts or series a rule may give; 0 for no limit.
    public var limit: Int
    /// The instant of the last evaluation; nil before the first.
    public var lastEvaluation: Timestamp?
    /// How long it took.
    public var lastDuration: Duration
    /// Evaluations so far.
    public var evaluations: Int
    /// Ticks of the grid that passed because an evaluation took too long.
    public var missed: Int
    /// Why the last evaluation's result could not be saved; nil if it could.
    public var lastFailure: String?
    /// In the group's order.
    public var rules: [RuleStatus]
}

/// How the evaluation of a rule goes.
public struct RuleStatus: Sendable {
    /// Prometheus's words.
    public enum Health: String, Sendable {
        case unknown
        case ok
        case err
    }

    /// The rule, as its file has it.
    public var rule: Rule
    /// Whether the last evaluation succeeded.
    public var health: Health
    /// Why it did not.
    public var lastError: String?
    /// The instant of the last evaluation; nil before the first.
    public var lastEvaluation: Timestamp?
    /// How long it took.
    public var lastDuration: Duration
    /// Pending, firing, and those resolved within the last 15 minutes.
    public var alerts: [Alert]
}
