/// One cluster with everything that its page shows.
public struct ClusterDetail: Hashable, Sendable {
    /// What the fleet page shows.
    public var summary: ClusterSummary
    /// By name.
    public var members: [MemberHealth]
    /// Ordered pairs of members.
    public var links: [PeerLink]
    /// By name.
    public var nodes: [NodeHealth]
}

/// One member of a cluster.
public struct MemberHealth: Hashable, Sendable {
    /// What it is to the others.
    public enum Role: String, Sendable {
        case leader
        case follower
        case learner
        case unknown
    }

    /// The agent that watches it.
    public struct AgentAge: Hashable, Sendable {
        /// 32 hex digits.
        public var id: String
        /// Since its last word.
        public var ageSeconds: Double
    }

    /// As the cluster knows it; the id in hex while it has none.
    public var name: String
    /// Hex, nil while unknown.
    public var id: String?
    /// Where it runs, nil if no agent watches it.
    public var node: String?
    /// The `instance` label of its series.
    public var instance: String?
    public var role: Role
    public var status: HealthStatus
    /// Its agent says that it does not answer.
    public var isDown: Bool
    /// One sentence: why it is not healthy, "" if it is.
    public var reason: String
    public var version: String?
    /// Decimal.
    public var term: String?
    /// Decimal.
    public var raftIndex: String?
    /// Decimal.
    public var appliedIndex: String?
    /// Entries known to the furthest member and not to this one. Decimal.
    public var indexLag: String?
    public var database: ClusterSummary.Database?
    public var walFsync: ClusterSummary.WALFsync?
    public var backendCommit: ClusterSummary.BackendCommit?
    /// Milliseconds since the epoch.
    public var startedAt: Int64?
    /// NOSPACE, CORRUPT.
    public var alarms: [String]
    public var clientURLs: [String]
    public var peerURLs: [String]
    public var requestsPerSecond: Double?
    public var agent: AgentAge?
}

/// The network from one member to another.
public struct PeerLink: Hashable, Sendable {
    /// How it is.
    public enum State: String, Sendable {
        case ok
        case slow
        case broken
        case unknown
    }

    /// Member id, hex.
    public var from: String
    /// Member id, hex.
    public var to: String
    /// Over five minutes.
    public var rttP99Seconds: Double?
    public var state: State
}

/// One host of a cluster and its agent.
public struct NodeHealth: Hashable, Sendable {
    public var name: String
    /// The cluster's name.
    public var cluster: String
    /// 32 hex digits; nil when its agent was revoked.
    public var agentID: String?
    public var agentVersion: String?
    /// Milliseconds since the epoch.
    public var lastSeen: Int64?
    public var ageSeconds: Double?
    /// How far behind its data was when last received.
    public var lagSeconds: Double?
    /// Why its last batch was refused, nil if it was not.
    public var lastError: String?
    /// Agent's clock minus aggregator's.
    public var clockOffsetSeconds: Double?
    /// Busy share of all CPUs, 0 to 1, over one minute.
    public var cpuRatio: Double?
    public var load1: Double?
    public var memoryUsedBytes: Double?
    public var memoryTotalBytes: Double?
}
