/// What is known of a member that decides whether its disk may be touched now.
public struct MemberVitals: Sendable, Hashable {
    /// Whether it answers.
    public var isReachable = false
    /// Whether it knows of a leader.
    public var hasLeader = false
    /// Learners catch up: they are left alone.
    public var isLearner = false
    /// Raft's term.
    public var term: UInt64?
    /// Members that vote, this one among them.
    public var voters: Int?
    /// Peers that this member has a connection to (`etcd_network_active_peers`).
    public var activePeers: Int?
    /// `etcd_server_heartbeat_send_failures_total`.
    public var heartbeatFailures: Double?
    /// `etcd_server_slow_apply_total`.
    public var slowApplies: Double?
    /// `etcd_server_leader_changes_seen_total`.
    public var leaderChanges: Double?
    /// `etcd_disk_wal_fsync_duration_seconds_count`.
    public var walSyncs: Double?
    /// Whether the database is being defragmented.
    public var isDefragmenting = false
    /// Whether a snapshot is sent, received or applied.
    public var isSnapshotting = false

    /// Nothing is known.
    public init() {}

    /// Members that may be lost while a majority stays, less those that are lost; nil if that is not known.
    var tolerance: Int? {
        guard let voters, let activePeers else { return nil }
        return min(voters, activePeers + 1) - (voters / 2 + 1)
    }

    /// Whether something is lost and nothing more may be.
    var isQuorumDegraded: Bool {
        guard let voters, let activePeers, let tolerance else { return false }
        return activePeers + 1 < voters && tolerance < 1
    }
}

/// Why the probe rests; label `reason`.
public enum ProbeObstacle: String, Sendable, CaseIterable {
    /// Nothing was heard of the member for a while, or it does not answer.
    case memberUnreachable = "member_unreachable"
    case noLeader = "no_leader"
    case learner
    case missedHeartbeats = "missed_heartbeats"
    case slowApply = "slow_apply"
    case leaderChange = "leader_change"
    /// A check with fio runs on this disk.
    case diskCheck = "disk_check"
    case defragment
    case snapshot
    case degradedQuorum = "degraded_quorum"
    case ioPressure = "io_pressure"
    case lowSpace = "low_space"
    /// The last record took longer than 100 ms.
    case ownLatency = "own_latency"
    /// The day's bytes are written.
    case dailyLimit = "daily_limit"

    /// Whether it is about the member, and so forbids a check of the disk too. What the disk itself does is what a check
    /// looks at, and what it causes.
    public var forbidsChecks: Bool {
        switch self {
        case .memberUnreachable, .noLeader, .learner, .missedHeartbeats, .slowApply, .leaderChange, .defragment,
            .snapshot, .degradedQuorum:
            true
        case .diskCheck, .ioPressure, .lowSpace, .ownLatency, .dailyLimit: false
        }
    }
}
