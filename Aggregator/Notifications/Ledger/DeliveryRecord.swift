public import Model

/// One delivery as the ledger shows it.
public struct DeliveryRecord: Hashable, Sendable {
    /// How it stands.
    public enum Status: String, Sendable {
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

    /// The row; rises.
    public var id: Int64
    /// The channel's name.
    public var channel: String
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
}
