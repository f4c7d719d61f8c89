public import Model

/// What an agent knows of its etcd member beside numbers: sent when it changes. Everything but `isReachable` and
/// `reason` is what was known last, while the member does not answer.
public struct MemberState: Hashable, Sendable {
    /// Whether the member answered the last question.
    public var isReachable: Bool
    /// Why not, in the words of the failure; "" while it answers.
    public var reason: String
    /// The cluster, by its own account; nil until it answered once.
    public var clusterID: EtcdID?
    /// The member.
    public var memberID: EtcdID?
    /// Its leader; nil if it knows of none.
    public var leader: EtcdID?
    /// Raft's term.
    public var term: UInt64?
    /// Of the server: "3.5.1".
    public var version: String
    /// Whether the member is a learner.
    public var isLearner: Bool
    /// Alarms that are raised on any member.
    public var alarms: [Alarm]
    /// All members, as this one lists them.
    public var members: [Member]
    /// When the etcd process began; nil if that cannot be seen.
    public var processStart: Timestamp?

    /// Whether the failure is one of asking, by the word before the colon of `reason`: no session or no
    /// permission. The member may serve others well.
    public var isMerelyUnreadable: Bool {
        !isReachable && ["tls", "unauthorised"].contains { reason.hasPrefix("\($0): ") }
    }

    /// An alarm that is raised.
    public struct Alarm: Hashable, Sendable {
        /// On which member.
        public var member: EtcdID
        /// NOSPACE, CORRUPT, …
        public var kind: String

        /// The alarm `kind` on `member`.
        public init(member: EtcdID, kind: String) {
            self.member = member
            self.kind = kind
        }
    }

    /// A member as MemberList tells it.
    public struct Member: Hashable, Sendable {
        /// Its id.
        public var id: EtcdID
        /// Its name; "" until it has joined.
        public var name: String
        /// Where its peers reach it.
        public var peerURLs: [String]
        /// Where its clients reach it; none until it has joined.
        public var clientURLs: [String]
        /// Whether it is a learner.
        public var isLearner: Bool

        /// A member.
        public init(id: EtcdID, name: String, peerURLs: [String], clientURLs: [String], isLearner: Bool) {
            self.id = id
            self.name = name
            self.peerURLs = peerURLs
            self.clientURLs = clientURLs
            self.isLearner = isLearner
        }
    }

    /// A state; what is not given is not known.
    public init(
        isReachable: Bool, reason: String = "", clusterID: EtcdID? = nil, memberID: EtcdID? = nil,
        leader: EtcdID? = nil, term: UInt64? = nil, version: String = "", isLearner: Bool = false,
        alarms: [Alarm] = [], members: [Member] = [], processStart: Timestamp? = nil
    ) {
        self.isReachable = isReachable
        self.reason = reason
        self.clusterID = clusterID
        self.memberID = memberID
        self.leader = leader
        self.term = term
        self.version = version
        self.isLearner = isLearner
        self.alarms = alarms
        self.members = members
        self.processStart = processStart
    }
}
