import Model
internal import Synchronization

/// Observations counted by upper bound.
public final class Histogram: Sendable {
    /// From half a millisecond to ten seconds: durations of requests, transactions and evaluations.
    public static let secondsBounds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    private struct State {
        var counts: [UInt64]
        var sum: Double = 0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    /// Counts `value`.
    public func observe(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    /// Counts `duration` in seconds.
    public func observe(_ duration: Duration) {
        observe(duration.fractionalSeconds)
    }

    /// `_bucket`, `_sum` and `_count` of the histogram `labels`.
    func samples(of labels: Labels) -> [(labels: Labels, value: Double)] {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        var samples: [(labels: Labels, value: Double)] = []
        var total: UInt64 = 0
        for (bucket, count) in counts.enumerated() {
            total += count
            var bucketLabels = labels
            bucketLabels[Labels.metricName] = labels.metric + "_bucket"
            bucketLabels["le"] = bucket < bounds.count ? "\(bounds[bucket])" : "+Inf"
            samples.append((bucketLabels, Double(total)))
        }
        var last = labels
        last[Labels.metricName] = labels.metric + "_sum"
        samples.append((last, sum))
        last[Labels.metricName] = labels.metric + "_count"
        samples.append((last, Double(total)))
        return samples
    }
}
