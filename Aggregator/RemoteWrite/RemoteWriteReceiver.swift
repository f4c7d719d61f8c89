internal import Cryptography
public import Model
public import SelfMetrics
public import SeriesStore
internal import Synchronization

/// Takes remote-write requests of other systems into the store.
///
/// Series keep the labels they come with, but for one: a `cluster` that is enrolled here speaks through its agents only,
/// so it is exposed as `exported_cluster`. Each sender and target is a source of its own.
public final class RemoteWriteReceiver: Sendable {
    /// How much is taken.
    public struct Limits: Sendable {
        /// Bytes of a body as it comes.
        public var bodyBytes = 8 << 20
        /// Bytes of its content.
        public var contentBytes = 32 << 20
        /// Requests at one time.
        public var requests = 8
        /// How far samples may be ahead of our clock.
        public var future: Duration = .seconds(60)
        /// How old samples may be: what is older would be dropped at once.
        public var retention: Duration = .seconds(90 * 86_400)

        /// 8 MiB of 32 MiB, 8 at a time, a minute ahead, 90 days back.
        public init() {}
    }

    private struct State {
        var requests = 0
        /// What senders said of their metrics, by sender and name.
        var families: [String: [String: MetricFamily]] = [:]
    }

    /// Metrics remembered of one sender, and senders.
    private static let familyLimit = 20_000
    private static let senderLimit = 200

    /// How much is taken.
    public let limits: Limits
    private let store: SeriesStore
    private let clock: WallClock
    private let taken: Counter
    private let refused: Counter
    private let state = Mutex(State())

    /// A receiver that stores in `store` and counts in `metrics`.
    public init(store: SeriesStore, metrics: MetricRegistry, limits: Limits = Limits(), clock: WallClock = .system) {
        self.store = store
        self.limits = limits
        self.clock = clock
        taken = metrics.counter(
            "etcd_monitor_aggregator_remote_write_received_samples_total",
            help: "Samples that came by remote-write and were stored.")
        refused = metrics.counter(
            "etcd_monitor_aggregator_remote_write_refused_samples_total",
            help: "Samples that came by remote-write and could not be stored.")
    }

    /// Stores what `body`, as it came, holds.
    ///
    /// - Parameters:
    ///   - sender: who sends, as the audit log calls him.
    ///   - isEnrolled: whether a cluster is one of this installation.
    /// - Throws: ``RemoteWriteError``. With `.refused` all was stored that could be.
    public func receive(_ body: [UInt8], from sender: String, isEnrolled: (String) -> Bool) async throws {
        try enter()
        defer { state.withLock { $0.requests -= 1 } }
        let request = try WriteRequest(decoding: Snappy.decompress(body, limit: limits.contentBytes))
        let families = learn(request.families, of: sender)
        var rounds = RoundSorter(sender: sender, from: clock.now - limits.retention, through: clock.now + limits.future)
        for series in request.series { rounds.add(series, isEnrolled: isEnrolled) }
        if !rounds.isEmpty { try await store(rounds.rounds, families) }
        taken.add(UInt64(rounds.count))
        let lost = rounds.tooOld + rounds.tooNew + request.histograms
        guard lost > 0 else { return }
        refused.add(UInt64(lost))
        throw RemoteWriteError(.refused, Self.reason(rounds, request))
    }

    private func enter() throws(RemoteWriteError) {
        let hasRoom = state.withLock { state in
            guard state.requests < limits.requests else { return false }
            state.requests += 1
            return true
        }
        guard hasRoom else { throw RemoteWriteError(.busy, "\(limits.requests) requests are being stored; try again") }
    }

    /// What is known of the metrics of `sender`, `families` included.
    private func learn(_ families: [MetricFamily], of sender: String) -> [String: MetricFamily] {
        state.withLock { state in
            if !families.isEmpty {
                if state.families.count >= Self.senderLimit, state.families[sender] == nil { state.families = [:] }
                var known = state.families[sender] ?? [:]
                for family in families { known[family.name] = family }
                state.families[sender] = known.count > Self.familyLimit ? [:] : known
            }
            return state.families[sender] ?? [:]
        }
    }

    private func store(_ rounds: [RemoteRound], _ families: [String: MetricFamily]) async throws {
        do {
            try await store.append(remote: rounds, families: families)
        } catch let error as StoreError {
            switch error.code {
            case .outOfOrder: throw RemoteWriteError(.refused, error.message)
            case .full, .tooLate: throw RemoteWriteError(.busy, error.message)
            }
        }
    }

    private static func reason(_ rounds: RoundSorter, _ request: WriteRequest) -> String {
        let reasons = [
            (rounds.tooOld, "samples are older than what is kept"), (rounds.tooNew, "samples are ahead of our clock"),
            (request.histograms, "native histograms are not stored here"),
        ]
        let told = reasons.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return told.joined(separator: ", ") + (rounds.isEmpty ? "" : "; everything else was stored")
    }
}

/// Sorts the samples of a request by target and instant.
struct RoundSorter {
    private struct Key: Hashable {
        var group: String
        var at: Int64
    }

    private let sender: String
    private let range: ClosedRange<Int64>
    private var samples: [Key: [(labels: Labels, value: Double)]] = [:]
    /// Samples that can be stored.
    private(set) var count = 0
    private(set) var tooOld = 0
    private(set) var tooNew = 0

    init(sender: String, from first: Timestamp, through last: Timestamp) {
        self.sender = sender
        range = first.milliseconds...max(first, last).milliseconds
    }

    var isEmpty: Bool { samples.isEmpty }

    var rounds: [RemoteRound] {
        samples.map { RemoteRound(group: $0.key.group, at: Timestamp(milliseconds: $0.key.at), samples: $0.value) }
    }

    mutating func add(_ series: WriteRequest.Series, isEnrolled: (String) -> Bool) {
        let labels = Self.exposed(series.labels, isEnrolled)
        let group = Self.group(of: labels, sender)
        for sample in series.samples {
            let at = sample.timestamp.milliseconds
            guard at >= range.lowerBound else {
                tooOld += 1
                continue
            }
            guard at <= range.upperBound else {
                tooNew += 1
                continue
            }
            count += 1
            samples[Key(group: group, at: at), default: []].append((labels, sample.value))
        }
    }

    /// Nobody but its agents speaks for a cluster that is enrolled here.
    private static func exposed(_ labels: Labels, _ isEnrolled: (String) -> Bool) -> Labels {
        guard let cluster = labels["cluster"], isEnrolled(cluster) else { return labels }
        var labels = labels
        var name = "exported_cluster"
        while labels[name] != nil { name = "exported_\(name)" }
        labels["cluster"] = nil
        labels[name] = cluster
        return labels
    }

    /// What one scrape gives has one job and one instance.
    private static func group(of labels: Labels, _ sender: String) -> String {
        let name = "\(sender)/\(labels["job"] ?? "")/\(labels["instance"] ?? "")"
        // Names of sources are bounded, labels hardly are.
        guard name.utf8.count > 200 else { return name }
        return "\(sender.prefix(32))/\(Hex.encode(SHA256.digest(Array(name.utf8))))"
    }
}
