public import Model

/// An enrolled agent and what is known of it now.
public struct AgentRecord: Hashable, Sendable {
    /// The row's number: short, for batch rows.
    public var number: Int32
    /// What the agent calls itself.
    public var id: AgentID
    /// The row of its cluster.
    public var clusterNumber: Int32
    /// Its cluster's name.
    public var cluster: String
    /// Its node's name, fixed at enrolment.
    public var node: String
    /// Ed25519, 32 bytes.
    public var publicKey: [UInt8]
    /// Of its program.
    public var version: String
    /// When it was enrolled.
    public var enrolledAt: Timestamp
    /// When its key ceased to count, nil while it counts.
    public var revokedAt: Timestamp?
    /// What is heard of it.
    public var contact: AgentContact

    /// Whether its batches are taken.
    public var isActive: Bool { revokedAt == nil }
}

/// What the aggregator last heard of an agent.
public struct AgentContact: Hashable, Sendable {
    /// When its last accepted batch was received, by our clock.
    public var lastSeen: Timestamp?
    /// The stream it sends now.
    public var epoch: UInt64?
    /// The highest number of that stream.
    public var sequence: UInt64?
    /// How old its newest sample was when received.
    public var lagMilliseconds: Int64?
    /// Its clock minus ours, when it signed; transit time included.
    public var clockOffsetMilliseconds: Int64?
    /// Why its last refused batch was refused; nil after an accepted one.
    public var lastError: String?
    /// When that was.
    public var lastErrorAt: Timestamp?
    /// Since when it is considered silent, nil while it talks.
    public var silentSince: Timestamp?

    /// Nothing heard.
    public init() {}

    /// A batch was taken at `instant`.
    mutating func noteBatch(at instant: Timestamp, epoch: UInt64, sequence: UInt64, newestSample: Timestamp?) {
        lastSeen = instant
        if self.epoch != epoch { self.sequence = nil }
        self.epoch = epoch
        self.sequence = max(self.sequence ?? 0, sequence)
        if let newestSample { lagMilliseconds = max(0, (instant - newestSample).milliseconds) }
        lastError = nil
    }

    /// Whether it is of a later batch than `other`.
    func isNewer(than other: AgentContact) -> Bool {
        guard let lastSeen else { return false }
        return other.lastSeen.map { $0 < lastSeen } ?? true
    }
}
