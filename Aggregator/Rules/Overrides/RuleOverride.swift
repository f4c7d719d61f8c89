public import Model

/// What a rule is on one cluster: not evaluated there, or with other numbers.
public struct RuleOverride: Hashable, Sendable {
    /// The rule's id.
    public var rule: String
    /// The cluster's name.
    public var cluster: String
    /// Whether alerts of the cluster are raised at all.
    public var isEnabled: Bool
    /// Numbers in the place of the file's, by the parameter's name.
    public var parameters: [String: Double]
    /// Why, for those who find it later.
    public var reason: String
    /// Who made it so.
    public var changedBy: String
    /// When.
    public var changedAt: Timestamp

    /// What `rule` is on `cluster`.
    public init(
        rule: String, cluster: String, isEnabled: Bool, parameters: [String: Double], reason: String, changedBy: String,
        changedAt: Timestamp
    ) {
        self.rule = rule
        self.cluster = cluster
        self.isEnabled = isEnabled
        self.parameters = parameters
        self.reason = reason
        self.changedBy = changedBy
        self.changedAt = changedAt
    }
}
