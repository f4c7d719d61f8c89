/// The latencies of the last records, raw: a histogram's bucket would hide whether 10 ms were reached. A value.
struct LatencyRing: Sendable {
    struct Entry: Sendable {
        var at: ContinuousClock.Instant
        var seconds: Double
    }

    private var entries: [Entry] = []
    private var next = 0
    private let capacity: Int

    init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
    }

    mutating func append(_ seconds: Double, at instant: ContinuousClock.Instant) {
        let entry = Entry(at: instant, seconds: seconds)
        if entries.count < capacity {
            entries.append(entry)
        } else {
            entries[next] = entry
            next = (next + 1) % capacity
        }
    }

    /// The values at `quantiles` (0…1, nearest rank: always one that was measured) since `start`; nil if there is none.
    func quantiles(_ quantiles: [Double], since start: ContinuousClock.Instant) -> [Double]? {
        let sorted = entries.lazy.filter { $0.at >= start }.map(\.seconds).sorted()
        guard let last = sorted.last else { return nil }
        return quantiles.map { quantile in
            let rank = Int((quantile * Double(sorted.count)).rounded(.up)) - 1
            return rank >= sorted.count ? last : sorted[max(0, rank)]
        }
    }
}
