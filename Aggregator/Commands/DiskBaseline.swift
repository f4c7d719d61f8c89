internal import JSON

/// How a node's disk does compared with how it did at first. Pure.
public struct DiskBaseline: Sendable, Hashable {
    /// What the comparison says.
    public enum Drift: String, Sendable {
        /// Too few checks to compare.
        case new
        case steady
        case slower
        case faster
    }

    public var node: String
    public var profile: String
    /// Checks that were done.
    public var checks: Int
    /// The median p99 of the first three; seconds.
    public var baselineSeconds: Double
    /// The newest p99; seconds.
    public var latestSeconds: Double
    public var drift: Drift
    /// Whether it looks like burst credit or a cache that is used up.
    public var isBurstExhausted: Bool
    /// For a person.
    public var sentence: String

    /// What the checks of a cluster, in any order, say of each node and profile.
    public static func all(_ commands: [Command]) -> [DiskBaseline] {
        let done = commands.filter { $0.state == .done && $0.p99 != nil }.sorted { $0.number < $1.number }
        let groups = Dictionary(grouping: done) { "\($0.node)\n\($0.profile)\n\($0.jobs)" }
        return groups.values.compactMap(DiskBaseline.init).sorted { ($0.node, $0.profile) < ($1.node, $1.profile) }
    }

    /// Of checks of one node with one profile, oldest first.
    private init?(_ checks: [Command]) {
        let values = checks.compactMap(\.p99)
        guard let newest = checks.last, let latest = values.last else { return nil }
        let first = values.prefix(3).sorted()
        let baseline = first[first.count / 2]
        node = newest.node
        profile = newest.profile
        self.checks = values.count
        baselineSeconds = baseline
        latestSeconds = latest
        // A millisecond more or less is no news on a disk of tenths of one.
        let isFar = abs(latest - baseline) >= 0.001
        drift =
            values.count < 4
            ? .new
            : isFar && latest >= baseline * 2 ? .slower : isFar && latest * 2 <= baseline ? .faster : .steady
        let advice = Set((newest.result?["advice"]?.array ?? []).compactMap { $0["code"]?.string })
        isBurstExhausted =
            advice.contains("slowing-down") || (drift == .slower && advice.contains("cloud-volume"))
        sentence = Self.sentence(drift, baseline: baseline, latest: latest, isBurstExhausted)
    }

    private static func sentence(_ drift: Drift, baseline: Double, latest: Double, _ isBurst: Bool) -> String {
        let figures = "p99 \(milliseconds(latest)) ms, \(milliseconds(baseline)) ms at first"
        let burst = isBurst ? " It looks like burst credit that is used up." : ""
        switch drift {
        case .new: return "Too few checks to compare.\(burst)"
        case .steady: return "As it was: \(figures).\(burst)"
        case .slower: return "Slower than it was: \(figures).\(burst)"
        case .faster: return "Faster than it was: \(figures).\(burst)"
        }
    }

    private static func milliseconds(_ seconds: Double) -> String { "\((seconds * 1e5).rounded() / 100)" }
}

extension Command {
    var p99: Double? { result?["latencies"]?["p99"]?.double }
    /// Of a disk check.
    public var profile: String { arguments["profile"]?.string ?? "" }
    /// Of a disk check: at once.
    public var jobs: Int { arguments["jobs"]?.int ?? 1 }
    /// Of a disk check.
    public var runs: Int { arguments["runs"]?.int ?? 1 }
    /// Of a disk check, if it was named.
    public var member: String? { arguments["member"]?.string }
}
