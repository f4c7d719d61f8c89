internal import ConfigurationFile

/// One way to tell.
public struct ChannelConfiguration: Sendable {
    /// What kind, and its settings.
    public enum Kind: Sendable {
        case email(EmailSettings)
        case webhook(WebhookSettings)
        case slack(SlackSettings)
        case pagerDuty(PagerDutySettings)
        case alertmanager(AlertmanagerSettings)

        /// As the configuration calls it.
        public var word: String {
            switch self {
            case .email: "email"
            case .webhook: "webhook"
            case .slack: "slack"
            case .pagerDuty: "pagerduty"
            case .alertmanager: "alertmanager"
            }
        }

        /// Whether what it was told stays there until its end is told.
        var staysOpen: Bool {
            switch self {
            case .pagerDuty, .alertmanager: true
            case .email, .webhook, .slack: false
            }
        }

        /// Whether it is told that an alert has been taken up.
        var takesAcknowledgements: Bool {
            switch self {
            case .pagerDuty: true
            case .slack(let settings): settings.isBot
            case .email, .webhook, .alertmanager: false
            }
        }
    }

    /// Unique; shown in the ledger.
    public var name: String
    /// What kind, and its settings.
    public var kind: Kind
    /// Whether it is told when an alert ends.
    public var sendsResolved: Bool
    /// What one attempt may take.
    public var deadline: Duration
    /// What tells in its place when it cannot; nil for nothing.
    public var fallback: Fallback?

    /// A channel that stands in for another.
    public struct Fallback: Hashable, Sendable {
        /// Its name.
        public var channel: String
        /// After so many attempts that failed, or at once when one failed for good.
        public var attempts: Int
        /// Or after so long without success.
        public var after: Duration

        /// `channel` stands in.
        public init(channel: String, attempts: Int = 3, after: Duration = .seconds(120)) {
            self.channel = channel
            self.attempts = attempts
            self.after = after
        }
    }

    /// The channel `name`.
    public init(
        name: String, kind: Kind, sendsResolved: Bool = true, deadline: Duration = .seconds(15),
        fallback: Fallback? = nil
    ) {
        self.name = name
        self.kind = kind
        self.sendsResolved = sendsResolved
        self.deadline = deadline
        self.fallback = fallback
    }

    init(reading reader: MappingReader) {
        var reader = reader
        name = reader.string("name")
        sendsResolved = reader.bool("send_resolved", default: true)
        deadline = reader.duration("deadline", default: .seconds(15), in: .seconds(1) ... .seconds(60))
        let attempts = reader.int("fallback_attempts", default: 3, in: 1...20)
        let after = reader.duration("fallback_after", default: .seconds(120), in: .seconds(5) ... .seconds(86_400))
        fallback = reader.string("fallback", default: nil).map {
            Fallback(channel: $0, attempts: attempts, after: after)
        }
        let kinds: [Kind] = [
            reader.mapping("email").map { .email(EmailSettings(reading: $0)) },
            reader.mapping("webhook").map { .webhook(WebhookSettings(reading: $0)) },
            reader.mapping("slack").map { .slack(SlackSettings(reading: $0)) },
            reader.mapping("pagerduty").map { .pagerDuty(PagerDutySettings(reading: $0)) },
            reader.mapping("alertmanager").map { .alertmanager(AlertmanagerSettings(reading: $0)) },
        ].compactMap { $0 }
        reader.finish()
        if kinds.count != 1 {
            reader.problems.report(
                reader.node.error(
                    "the channel \"\(name)\" is not of one kind",
                    remedy: "give it one of `email:`, `webhook:`, `slack:`, `pagerduty:`, `alertmanager:`"))
        }
        kind = kinds.first ?? .webhook(WebhookSettings(url: .literal("")))
    }
}
