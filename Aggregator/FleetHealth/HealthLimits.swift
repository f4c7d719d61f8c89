/// Where well ends, for verdict, API and dashboard alike.
///
/// etcd asks for a p99 of WAL fsyncs under 10 ms and of backend commits under 25 ms. Its histograms cannot tell either:
/// their bounds are powers of two, and a p99 between two bounds is a guess. So the limits stand on the first bound
/// above what etcd asks for, 16 and 32 ms, where "more than 1 % took longer" is exact.
public struct HealthLimits: Hashable, Sendable {
    /// Share of WAL fsyncs over 16 ms that is too slow a disk. (The same as a p99 over 16 ms; etcd's mixin warns at
    /// 500 ms, when elections are near.)
    public var walShareOver16ms = 0.01
    /// p99 of backend commits that is too slow. (etcd's mixin warns at 250 ms.)
    public var commitP99Seconds = 0.032
    /// p99 of round trips between peers that is too slow. (etcd's mixin: 150 ms.)
    public var rttP99Seconds = 0.15
    /// Share of the quota that is nearly full.
    public var databaseShareOfQuota = 0.8
    /// Share of the quota that needs a person now. (etcd's mixin: 95 %.)
    public var databaseCriticalShareOfQuota = 0.95

    /// The defaults.
    public init() {}
}
