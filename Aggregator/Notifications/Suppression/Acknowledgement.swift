public import Model

/// Someone has taken an alert up: it is not told again until it ends, or is snoozed no longer. An alert whose severity
/// changes is another alert, which nobody has acknowledged.
public struct Acknowledgement: Hashable, Sendable {
    /// Of the alert.
    public var fingerprint: String
    /// Of the alert.
    public var labels: Labels
    /// Who.
    public var author: String
    /// What they say of it; may be empty.
    public var comment: String
    /// When.
    public var at: Timestamp
    /// Snoozed until then; nil until the alert ends.
    public var until: Timestamp?

    /// An acknowledgement.
    public init(
        fingerprint: String, labels: Labels, author: String, comment: String, at: Timestamp, until: Timestamp? = nil
    ) {
        self.fingerprint = fingerprint
        self.labels = labels
        self.author = author
        self.comment = comment
        self.at = at
        self.until = until
    }

    /// Whether it counts at `now`.
    public func holds(at now: Timestamp) -> Bool { until.map { now < $0 } ?? true }
}
