/// What the records took, counted: the report, and the raw latencies behind its quantiles. A value.
struct ProbeTally: Sendable {
    private(set) var report: ProbeReport
    private var rings: [LatencyRing]
    private var writes: LatencyRing
    private var quantilesAt: ContinuousClock.Instant?

    /// Of quantiles.
    static let window = Duration.seconds(900)
    /// Between two rounds of quantiles: what changes with every scrape costs bytes in every batch.
    static let quantilePause = Duration.seconds(30)

    init(options: ProbeOptions) {
        report = ProbeReport(latencies: ProbeOptions.recordSizes.map { ProbeReport.Latencies(recordBytes: $0) })
        let perWindow = Int(Self.window / options.pace) + 1
        let ring = LatencyRing(capacity: min(max(perWindow, 64), 4096))
        rings = ProbeOptions.recordSizes.map { _ in ring }
        writes = ring
    }

    /// Notes a record of size number `size`.
    mutating func note(size: Int, write: Double, sync: Double, bytes: Int, at now: ContinuousClock.Instant) {
        let bucket = ProbeReport.bounds.firstIndex { sync <= $0 } ?? ProbeReport.bounds.count
        report.latencies[size].buckets[bucket] += 1
        report.latencies[size].sumSeconds += sync
        report.latencies[size].count += 1
        report.writeSumSeconds += write
        report.writtenBytes += bytes
        rings[size].append(sync, at: now)
        writes.append(write, at: now)
        let isFirst = report.latencies[size].quantiles == nil
        if isFirst || quantilesAt.map({ now - $0 >= Self.quantilePause }) ?? true { refreshQuantiles(at: now) }
    }

    /// Notes what the probe does now. Returns whether that is new.
    mutating func note(_ state: ProbeReport.State, reason: String, message: String) -> Bool {
        let isNew = report.state != state || report.reason != reason
        report.state = state
        report.reason = reason
        report.message = message
        if isNew, state == .resting, let obstacle = ProbeObstacle(rawValue: reason) {
            report.rests[obstacle, default: 0] += 1
        }
        return isNew
    }

    mutating func note(directory: String) { report.directory = directory }

    mutating func refreshQuantiles(at now: ContinuousClock.Instant) {
        quantilesAt = now
        let start = now - Self.window
        for size in rings.indices {
            report.latencies[size].quantiles = rings[size].quantiles(ProbeReport.quantiles, since: start)
        }
        report.writeMaximum = writes.quantiles([1], since: start)?.first
    }
}
