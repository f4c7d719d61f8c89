/// How good a disk is for etcd's WAL.
public enum DiskGrade: String, CaseIterable, Comparable, Sendable {
    /// etcd will miss heartbeats on it under load.
    case notReady = "not-ready"
    /// It works until something else happens.
    case marginal
    /// As etcd's documentation asks for it.
    case ready
    /// With room for a heavily loaded cluster.
    case fast

    /// In the operator's words.
    public var words: String { self == .notReady ? "not ready" : rawValue }

    public static func < (left: DiskGrade, right: DiskGrade) -> Bool { left.order < right.order }

    private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// Of syncs that took so long.
    ///
    /// - Parameter limit: of the 99th percentile: 10 ms for a WAL (etcd's hardware guide and FAQ). Below a fifth of it,
    ///   2 ms, OpenShift calls a disk fit for heavy load; up to twice of it, 20 ms, is what its check once let pass.
    /// One sync in a thousand may take no longer than a heartbeat interval (100 ms): a leader that waits longer is late.
    public init(_ latencies: FsyncLatencies, limit: Double) {
        switch latencies.p99 {
        case ..<(limit * 0.2): self = latencies.p999 < limit ? .fast : .ready
        case ..<limit: self = .ready
        case ..<(limit * 2): self = .marginal
        default: self = .notReady
        }
        if latencies.p999 >= Self.heartbeat { self = min(self, .marginal) }
    }

    /// etcd's default heartbeat interval; seconds.
    static let heartbeat = 0.1
}
