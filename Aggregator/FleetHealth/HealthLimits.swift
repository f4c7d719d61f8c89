/// Where well ends. The figures are etcd's own and those of its field guides; see docs/operations.md.
public struct HealthLimits: Hashable, Sendable {
    /// Share of WAL fsyncs over 16 ms that is too slow a disk. (etcd wants p99 under 10 ms.)
    public var walShareOver16ms = 0.05
    /// p99 of backend commits that is too slow. (etcd's guide: 25 ms; its mixin warns at 250 ms.)
    public var commitP99Seconds = 0.25
    /// p99 of round trips between peers that is too slow. (etcd's mixin: 150 ms.)
    public var rttP99Seconds = 0.15
    /// Share of the quota that is nearly full.
    public var databaseShareOfQuota = 0.8
    /// Share of the quota that needs a person now. (etcd's mixin: 95 %.)
    public var databaseCriticalShareOfQuota = 0.95

    /// The defaults.
    public init() {}
}
