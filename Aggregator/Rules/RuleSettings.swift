public import Model
internal import PromQL

/// How rules are evaluated.
public struct RuleSettings: Sendable {
    /// For groups that name none, and look at no window of a minute or more.
    public var interval: Duration
    /// For groups that name none and look at such a window: what it says does not change within seconds, and reading it
    /// for a whole fleet costs.
    public var windowInterval: Duration = .seconds(30)
    /// What one rule's query may take.
    public var deadline: Duration
    /// After a start nothing is judged for so long: what agents kept while the aggregator was away comes in first.
    public var startupGrace: Duration
    /// Where people reach this installation: `$externalURL` in templates.
    public var externalURL: String
    /// `$externalLabels` in templates.
    public var externalLabels = Labels()
    /// The least time between two evaluations that were asked for, so that a storm of events cannot eat a core.
    public var leastGap: Duration

    /// Every 5 s, 10 s of deadline, 5 s of grace, 100 ms between evaluations that were asked for.
    public init(
        interval: Duration = .seconds(5), deadline: Duration = .seconds(10), startupGrace: Duration = .seconds(5),
        externalURL: String = "", leastGap: Duration = .milliseconds(100)
    ) {
        self.interval = interval
        self.deadline = deadline
        self.startupGrace = startupGrace
        self.externalURL = externalURL
        self.leastGap = leastGap
    }

    /// How often `group` is evaluated.
    public func interval(of group: RuleGroup) -> Duration {
        if let interval = group.interval { return interval }
        let reach = group.rules.map { $0.query.expression.reach }.max() ?? 0
        return reach >= 60_000 ? max(interval, windowInterval) : interval
    }
}
