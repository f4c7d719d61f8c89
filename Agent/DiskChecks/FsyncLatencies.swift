/// What fdatasync took in one run; seconds.
public struct FsyncLatencies: Hashable, Sendable {
    public var count: Int
    public var p50: Double
    public var p90: Double
    public var p99: Double
    public var p999: Double
    public var maximum: Double

    /// Latencies of `count` syncs.
    public init(count: Int, p50: Double, p90: Double, p99: Double, p999: Double, maximum: Double) {
        self.count = count
        self.p50 = p50
        self.p90 = p90
        self.p99 = p99
        self.p999 = p999
        self.maximum = maximum
    }
}
