internal import Model
internal import Synchronization

/// What became of the requests of all agents.
final class Tally: Sendable {
    private struct Counts {
        var acknowledged = 0
        var refused: [Int: Int] = [:]
        var failed = 0
        var firstFailure = ""
        var samples = 0
        var bytes = 0
        var latencies: [Double] = []
    }

    private let counts = Mutex(Counts())

    /// Forgets all that was.
    func reset() { counts.withLock { $0 = Counts() } }

    /// One more was acknowledged.
    func add(latency: Duration, samples: Int, bytes: Int) {
        counts.withLock {
            $0.acknowledged += 1
            $0.samples += samples
            $0.bytes += bytes
            $0.latencies.append(latency.fractionalSeconds)
        }
    }

    /// One more was answered with `problem`.
    func add(refused status: Int, _ problem: String) {
        counts.withLock {
            $0.refused[status, default: 0] += 1
            if $0.firstFailure.isEmpty { $0.firstFailure = problem }
        }
    }

    /// One more was not answered.
    func add(failure: String) {
        counts.withLock {
            $0.failed += 1
            if $0.firstFailure.isEmpty { $0.firstFailure = failure }
        }
    }

    /// One line.
    var json: String {
        counts.withLock { counts in
            let sorted = counts.latencies.sorted()
            func quantile(_ share: Double) -> Double {
                sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
            }
            let refused = counts.refused.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ")
            let failure = counts.firstFailure.map { $0 == "\"" || $0 == "\\" || $0.isNewline ? "'" : $0 }
            return """
                {"acknowledged": \(counts.acknowledged), "samples": \(counts.samples), "body_bytes": \(counts.bytes), \
                "p50_seconds": \(quantile(0.5)), "p99_seconds": \(quantile(0.99)), "refused": {\(refused)}, \
                "failed": \(counts.failed), "first_failure": "\(String(failure))"}
                """
        }
    }
}
