// Verdict: when a cluster is slow, who is to blame, with what confidence, by which evidence, and what speaks against it.
// Pure rules over what the series say (Judge, Indications); VerdictService asks and keeps. Leaves thresholds of single
// metrics to Rules and the state of members to FleetHealth.

public import Model

/// What makes a cluster slow: the answer that etcd's users asked for (etcd-io/etcd#6991).
public enum Culprit: String, Sendable, CaseIterable {
    case disk
    case cpu
    case network
    case load
    /// A member that is down or hangs.
    case peer
    case configuration
    case notSure = "not-sure"
}

/// How far to trust a verdict.
public enum Confidence: String, Sendable, Comparable {
    case low
    case medium
    case high

    public static func < (left: Confidence, right: Confidence) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .low: 0
        case .medium: 1
        case .high: 2
        }
    }
}

/// What an operator, or a client of etcd, notices.
public struct Symptom: Hashable, Sendable {
    /// Kinds of symptoms.
    public enum Kind: String, Sendable, CaseIterable {
        case slowFsync = "slow-fsync"
        case slowCommit = "slow-commit"
        case slowReads = "slow-reads"
        case slowApply = "slow-apply"
        case slowPeers = "slow-peers"
        case missedHeartbeats = "missed-heartbeats"
        case elections
        case noAnswer = "no-answer"
        case writesRefused = "writes-refused"
    }

    public var kind: Kind
    /// The member that shows it, by name; nil for the cluster.
    public var member: String?
    /// With its number: `WAL fsyncs of m2 take 62 ms`.
    public var text: String
}

/// One observation that speaks for or against a culprit.
public struct Evidence: Hashable, Sendable {
    /// With its numbers, for a reader who has not seen the chart.
    public var text: String
    /// How much it says, from 1; shown as strength only.
    public var weight: Int
    /// The PromQL of its chart.
    public var query: String?
    /// Why the rule holds: a document, an issue, the matrix it stands in.
    public var source: String
}

/// The answer about one cluster at one moment.
public struct Verdict: Hashable, Sendable {
    /// Another explanation that was weighed.
    public struct Alternative: Hashable, Sendable {
        public var culprit: Culprit
        public var member: String?
        /// What speaks for it less what speaks against it.
        public var score: Int
    }

    /// The cluster's name.
    public var cluster: String
    public var at: Timestamp
    public var culprit: Culprit
    /// Those at fault by name: one as a rule, several if they share it, none if nobody knows.
    public var members: [String]
    public var confidence: Confidence
    /// `The disk under m2 (leader) makes the cluster slow: WAL fsyncs take 62 ms, usually 3.1 ms.`
    public var sentence: String
    /// What to do.
    public var advice: String
    public var symptoms: [Symptom]
    /// For the culprit, strongest first.
    public var evidence: [Evidence]
    /// Against it, strongest first.
    public var against: [Evidence]
    /// Next best explanations, best first.
    public var alternatives: [Alternative]
}
