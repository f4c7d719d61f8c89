/// One cluster as the fleet page shows it. The property names are the API's; 64-bit numbers are strings.
public struct ClusterSummary: Hashable, Sendable {
    /// Members by what they do.
    public struct MemberCounts: Hashable, Sendable {
        /// Answering, by their own agents.
        public var up: Int
        /// With a vote.
        public var voters: Int
        /// Without.
        public var learners: Int
        /// Both.
        public var total: Int
    }

    /// How many failures the cluster survives.
    public struct Quorum: Hashable, Sendable {
        /// Votes needed: more than half of the voters.
        public var size: Int
        /// Healthy voters beyond the quorum; negative when it is lost.
        public var margin: Int
        /// `Can lose 1 more member.`
        public var sentence: String
    }

    /// Who leads.
    public struct Leader: Hashable, Sendable {
        /// The member's name, its id if it has none.
        public var member: String
        /// Hex.
        public var id: String
        /// Milliseconds since the epoch: when this leadership was first seen.
        public var since: Int64
        /// Decimal.
        public var term: String
    }

    /// The fullest member's database.
    public struct Database: Hashable, Sendable {
        /// On disk.
        public var sizeBytes: Double
        /// Without free pages; nil where etcd does not say.
        public var inUseBytes: Double?
        /// Where etcd raises NOSPACE.
        public var quotaBytes: Double?
        /// From here on it is nearly full; nil while the quota is unknown.
        public var limitBytes: Double?
        /// Whose, in a cluster's summary.
        public var member: String?

        /// Nearly full.
        public var isOver: Bool { limitBytes.map { sizeBytes > $0 } ?? false }
    }

    /// The slowest member's write-ahead log, over five minutes.
    public struct WALFsync: Hashable, Sendable {
        /// 99th percentile.
        public var p99Seconds: Double
        /// Share of fsyncs over 16 ms, 0 to 1.
        public var shareOver16ms: Double
        /// The share that is too slow a disk.
        public var limitShare: Double
        /// Whose, in a cluster's summary.
        public var member: String?

        /// Too slow.
        public var isOver: Bool { shareOver16ms > limitShare }
    }

    /// The slowest member's backend commits, over five minutes.
    public struct BackendCommit: Hashable, Sendable {
        /// 99th percentile.
        public var p99Seconds: Double
        /// The p99 that is too slow.
        public var limitSeconds: Double
        /// Whose, in a cluster's summary.
        public var member: String?

        /// Too slow.
        public var isOver: Bool { p99Seconds > limitSeconds }
    }

    /// The slowest pair of members, over five minutes.
    public struct PeerRTT: Hashable, Sendable {
        /// 99th percentile.
        public var p99Seconds: Double
        /// The p99 that is too slow.
        public var limitSeconds: Double

        /// Too slow.
        public var isOver: Bool { p99Seconds > limitSeconds }
    }

    /// The agents of the cluster.
    public struct Agents: Hashable, Sendable {
        /// Enrolled and not revoked.
        public var total: Int
        /// Not heard of for too long.
        public var silent: Int
        /// Age of the oldest agent's last word.
        public var oldestSeconds: Double
    }

    /// Firing alerts by severity.
    public struct AlertCounts: Hashable, Sendable {
        public var critical: Int
        public var warning: Int
        public var info: Int

        /// None.
        public static let none = AlertCounts(critical: 0, warning: 0, info: 0)
    }

    /// The worst status of a quarter of an hour.
    public struct HistoryCell: Hashable, Sendable {
        /// Its start, milliseconds since the epoch.
        public var at: Int64
        /// The worst that was seen in it.
        public var status: HealthStatus
    }

    /// The unique name, also its id in URLs.
    public var name: String
    /// healthy, degraded, critical, unknown or maintenance.
    public var status: HealthStatus
    /// One sentence in the operator's words.
    public var cause: String
    /// Hex; nil until a member has said it.
    public var etcdClusterID: String?
    public var members: MemberCounts
    public var quorum: Quorum
    public var leader: Leader?
    /// gRPC requests answered a second, over one minute.
    public var requestsPerSecond: Double?
    public var database: Database?
    public var walFsync: WALFsync?
    public var backendCommit: BackendCommit?
    public var peerRTT: PeerRTT?
    public var agents: Agents
    /// etcd versions that run, each once, sorted.
    public var versions: [String]
    public var alerts: AlertCounts
    /// 96 quarters of an hour, oldest first.
    public var history: [HistoryCell]
    /// Milliseconds since the epoch.
    public var updatedAt: Int64
}
