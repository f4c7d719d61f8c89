public import Model

/// What a rule would have done.
public struct BacktestReport: Sendable {
    /// The first evaluation.
    public var start: Timestamp
    /// The last one.
    public var end: Timestamp
    /// Between two evaluations.
    public var step: Duration
    /// How many there were.
    public var evaluations: Int64
    /// The first thousand, in the order in which they began to fire.
    public var firings: [BacktestFiring]
    /// How many there were.
    public var count: Int
    /// How long alerts fired, added up over all alerts.
    public var firingTime: Duration
    /// How often an alert began to pend and never fired.
    public var pendingOnly: Int
    /// Samples that were read.
    public var samplesRead: Int
    /// What the author of the rule should know.
    public var notes: [String]
    /// Wall time.
    public var took: Duration
}

/// One alert from pending to resolved.
public struct BacktestFiring: Hashable, Sendable {
    /// `alertname`, the rule's labels and the series'.
    public var labels: Labels
    /// As they would have been told when it began to fire.
    public var annotations: Labels
    /// The expression's value when it began to fire.
    public var value: Double
    /// Since when the expression was true.
    public var activeAt: Timestamp
    /// When it began to fire.
    public var firedAt: Timestamp
    /// When it was resolved; nil if it still fires at the end.
    public var resolvedAt: Timestamp?
}
