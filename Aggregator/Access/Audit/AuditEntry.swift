public import Model

/// What is to be recorded: who did what to what, and how it ended.
public struct AuditEvent: Hashable, Sendable {
    /// How it ended.
    public enum Outcome: String, Sendable {
        case done
        case refused
        case failed
    }

    /// The principal's name; `agent <id>` for an agent, `stranger` for nobody known.
    public var actor: String
    /// Where the request came from; "" for the host itself.
    public var address: String
    /// A permission's name, or `sign-in`, `sign-out`, `batch`, …
    public var action: String
    /// What it was done to: a user's name, a token's, an agent's id.
    public var object: String
    /// The cluster concerned, nil for the installation.
    public var cluster: String?
    /// How it ended.
    public var outcome: Outcome
    /// Why it was refused or failed, or what was changed; never a secret.
    public var reason: String

    /// An event; `reason` is cut to 1,000 characters, the other texts to 256.
    public init(
        actor: String, address: String = "", action: String, object: String = "", cluster: String? = nil,
        outcome: Outcome = .done, reason: String = ""
    ) {
        self.actor = Self.bounded(actor, 256)
        self.address = Self.bounded(address, 256)
        self.action = Self.bounded(action, 256)
        self.object = Self.bounded(object, 256)
        self.cluster = cluster.map { Self.bounded($0, 256) }
        self.outcome = outcome
        self.reason = Self.bounded(reason, 1000)
    }

    /// Text of strangers may be long, and PostgreSQL takes no NUL.
    private static func bounded(_ text: String, _ limit: Int) -> String {
        let clean = text.utf8.contains(0) ? String(text.split(separator: "\0").joined(separator: "?")) : text
        return clean.count > limit ? String(clean.prefix(limit - 1)) + "…" : clean
    }
}

/// A recorded event, chained to the one before.
public struct AuditEntry: Hashable, Sendable {
    /// Rises by one from 1, without gaps.
    public var sequence: Int64
    /// When it was recorded.
    public var at: Timestamp
    /// What happened.
    public var event: AuditEvent
    /// SHA-256 over the hash of the entry before and this entry's fields; see `AuditChain`.
    public var hash: [UInt8]
}
