/// An alert as a rule sees it: what rules emit and notifications send.
public struct Alert: Hashable, Sendable {
    /// The life of an alert.
    public enum State: String, Sendable {
        case pending
        case firing
        case resolved
    }

    /// `alertname`, the rule's labels and the series' labels; identifies the alert.
    public var labels: Labels
    /// Expanded summary, description, runbook_url, …
    public var annotations: Labels
    /// pending, firing or resolved.
    public var state: State
    /// The expression's value when last true.
    public var value: Double
    /// When the expression became true.
    public var activeAt: Timestamp
    /// When it began to fire, nil while pending.
    public var firedAt: Timestamp?
    /// When it stopped, nil while active.
    public var resolvedAt: Timestamp?
    /// While it fires: since when nothing is measured of what it is about, so that it is not known whether it still
    /// holds; nil while it is measured.
    public var missingSince: Timestamp?

    /// An alert in `state`.
    public init(
        labels: Labels, annotations: Labels, state: State, value: Double, activeAt: Timestamp,
        firedAt: Timestamp? = nil, resolvedAt: Timestamp? = nil, missingSince: Timestamp? = nil
    ) {
        self.labels = labels
        self.annotations = annotations
        self.state = state
        self.value = value
        self.activeAt = activeAt
        self.firedAt = firedAt
        self.resolvedAt = resolvedAt
        self.missingSince = missingSince
    }
}
