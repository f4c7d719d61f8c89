/// How the probe does, as a value: what series are made of.
public struct ProbeReport: Sendable {
    /// Whether records are written.
    public enum State: String, Sendable, CaseIterable {
        /// It was not told to run.
        case off
        /// Its place is still looked for.
        case starting
        case running
        /// At rest: `reason` is a `ProbeObstacle`.
        case resting
        /// No place on the WAL's filesystem, or writing failed: `reason` says which, `message` what to do.
        case impossible
    }

    /// Upper bounds of the histogram's buckets in seconds; dense around 10 ms.
    public static let bounds: [Double] = [
        0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008, 0.010, 0.012, 0.015, 0.02, 0.03, 0.05,
        0.1, 0.2, 0.5, 1, 2, 5,
    ]
    /// What `quantiles` are.
    public static let quantiles: [Double] = [0.5, 0.9, 0.99, 0.999, 1]

    /// Latencies of records of one size.
    public struct Latencies: Sendable {
        /// Of each record.
        public var recordBytes: Int
        /// Records in each bucket of `bounds`, not cumulated; one more for what is longer.
        public var buckets = [Int](repeating: 0, count: ProbeReport.bounds.count + 1)
        /// All `fdatasync`, seconds.
        public var sumSeconds = 0.0
        /// Records.
        public var count = 0
        /// At `ProbeReport.quantiles`, of the last fifteen minutes, every half minute anew; nil without records.
        public var quantiles: [Double]?
    }

    /// Whether records are written.
    public var state = State.off
    /// Why not, a word; "" while they are.
    public var reason = ""
    /// Why not, and what to do.
    public var message = ""
    /// By size of record.
    public var latencies: [Latencies]
    /// All `write()` of records, seconds: where the kernel stalls before the disk does.
    public var writeSumSeconds = 0.0
    /// The longest `write()` of the last fifteen minutes, every half minute anew.
    public var writeMaximum: Double?
    /// Written, in whole pages.
    public var writtenBytes = 0
    /// How often it came to rest, by reason.
    public var rests: [ProbeObstacle: Int] = [:]
    /// How long the record has taken that is under way.
    public var pendingSeconds = 0.0
    /// Where it writes; "" while nowhere.
    public var directory = ""
}
