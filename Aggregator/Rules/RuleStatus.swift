public import Model

/// How the evaluation of a group goes.
public struct RuleGroupStatus: Sendable {
    /// The file.
    public var file: String
    /// The group.
    public var name: String
    /// How often it is evaluated.
    public var interval: Duration
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

    /// See ``Rule/id``.
    public var id: String
    /// Alert or recording.
    public var kind: Rule.Kind
    /// The alert's or the metric's name.
    public var name: String
    /// The expression.
    public var query: String
    /// The `for` of an alert.
    public var hold: Duration
    /// Whether the last evaluation succeeded.
    public var health: Health
    /// Why it did not.
    public var lastError: String?
    /// How long it took.
    public var lastDuration: Duration
    /// Pending, firing, and those resolved within the last 15 minutes.
    public var alerts: [Alert]
}
