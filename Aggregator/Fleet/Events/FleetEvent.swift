public import Model

/// Something that happened in a cluster.
public struct FleetEvent: Hashable, Sendable {
    /// What kind of thing; the raw value is what the API says.
    public enum Kind: String, Sendable, CaseIterable {
        case leaderChanged = "leader-changed"
        case memberDown = "member-down"
        case memberUp = "member-up"
        case memberAdded = "member-added"
        case memberRemoved = "member-removed"
        case memberRestarted = "member-restarted"
        case learnerPromoted = "learner-promoted"
        case alarmRaised = "alarm-raised"
        case alarmCleared = "alarm-cleared"
        case agentSilent = "agent-silent"
        case agentBack = "agent-back"
        case agentEnrolled = "agent-enrolled"
        case agentRevoked = "agent-revoked"
    }

    /// How much it matters.
    public enum Severity: String, Sendable {
        case info
        case warning
        case critical
    }

    /// Rising; 0 until stored.
    public var id: Int64
    /// When it happened, as the first observer saw it.
    public var at: Timestamp
    /// The cluster's name.
    public var cluster: String
    /// leader-changed, member-down, …
    public var kind: Kind
    /// info, warning or critical.
    public var severity: Severity
    /// The member it is about, by name if it has one, else by id.
    public var member: String?
    /// The node it is about.
    public var node: String?
    /// One sentence for an operator.
    public var sentence: String
    /// Facts: `term`, `from`, `to`, `seenBy`, …
    public var detail: [String: String]
    /// Names the happening itself: of several reports with one occurrence only the first is stored.
    public var occurrence: String

    /// An event that is not stored yet.
    public init(
        at: Timestamp, cluster: String, kind: Kind, severity: Severity, member: String? = nil, node: String? = nil,
        sentence: String, detail: [String: String] = [:], occurrence: String
    ) {
        id = 0
        self.at = at
        self.cluster = cluster
        self.kind = kind
        self.severity = severity
        self.member = member
        self.node = node
        self.sentence = sentence
        self.detail = detail
        self.occurrence = "\(kind.rawValue)/\(occurrence)"
    }
}
