public import Model

/// One delivery as the ledger shows it.
public struct DeliveryRecord: Hashable, Sendable {
    /// How it stands.
    public enum Status: String, Sendable, CaseIterable {
        /// No attempt has failed yet.
        case waiting
        /// At least one attempt has failed; there will be another.
        case retrying
        /// The receiver took responsibility.
        case delivered
        /// Given up.
        case failed

        init(ledger status: String, attempts: Int) {
            switch status {
            case "delivered": self = .delivered
            case "failed": self = .failed
            default: self = attempts > 0 ? .retrying : .waiting
            }
        }
    }

    /// What it tells.
    public enum Subject: String, Sendable {
        case firing
        case resolved
        case acknowledged
    }

    /// The row; rises.
    public var id: Int64
    /// The channel's name.
    public var channel: String
    /// The channel that it stands in for; nil if the route named it.
    public var insteadOf: String?
    /// How it stands.
    public var status: Status
    /// How many attempts were made.
    public var attempts: Int
    /// When it was over; when it was made, if it is not.
    public var at: Timestamp
    /// When it is tried again; nil if it is over.
    public var nextAttempt: Timestamp?
    /// The last HTTP status or SMTP answer.
    public var code: Int?
    /// The last error; holds no secret.
    public var error: String?
    /// From the alert's change to the receiver's yes.
    public var latency: Duration?
    /// The notification that it delivers: several channels share one.
    public var notification: Int64
    /// The route that made it.
    public var route: String
    /// What the alerts have in common: name, cluster.
    public var groupLabels: Labels
    /// What it tells.
    public var subject: Subject
    /// Of how many alerts.
    public var alertCount: Int
}

/// One attempt at a delivery.
public struct DeliveryAttempt: Hashable, Sendable {
    /// From 1.
    public var number: Int
    /// When it began.
    public var startedAt: Timestamp
    /// How long it took; nil if that is not known.
    public var duration: Duration?
    /// `started` (for ever, if the aggregator died while sending), `delivered`, `retry`, `failed`, `interrupted`.
    public var outcome: String
    /// HTTP status or SMTP answer.
    public var code: Int?
    /// What went wrong; holds no secret.
    public var error: String?
}
