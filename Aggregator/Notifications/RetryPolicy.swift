internal import Model

/// How one attempt ended.
struct AttemptOutcome: Hashable, Sendable {
    enum Result: String, Sendable {
        /// The receiver took responsibility.
        case delivered
        /// It may work later.
        case retry
        /// It will not work, however often it is tried.
        case failed
        /// We stopped; it is tried again at once after the start.
        case interrupted
    }

    var result: Result
    /// HTTP status or SMTP answer, if there was one.
    var code: Int?
    /// What went wrong; holds no secret.
    var error: String?
    /// What the receiver asked for.
    var retryAfter: Duration?
    /// The receiver's own word for what went wrong.
    var word: String?
    /// What the next notification of the group needs to know; nil once nothing is left to refer to.
    var reference: String?

    static func delivered(_ code: Int?) -> AttemptOutcome { AttemptOutcome(result: .delivered, code: code) }
}

/// When a delivery is tried again: after 2 s, doubling up to 5 minutes, a tenth earlier or later; given up when it is
/// too old.
struct RetryPolicy: Sendable {
    static let first: Duration = .seconds(2)
    static let longest: Duration = .seconds(300)

    /// How long after its creation a delivery is given up.
    var retryFor: Duration

    /// - Parameters:
    ///   - attempts: how many were made, at least one.
    ///   - jitter: 0.9 to 1.1.
    /// - Returns: nil to give up.
    func next(after attempts: Int, createdAt: Timestamp, now: Timestamp, asked: Duration?, jitter: Double) -> Timestamp?
    {
        let doubled = Self.first * (1 << min(max(attempts - 1, 0), 20))
        let wait = max(min(doubled, Self.longest) * jitter, min(asked ?? .zero, .seconds(3600)))
        let next = now + wait
        return next - createdAt <= retryFor ? next : nil
    }
}
