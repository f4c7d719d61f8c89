internal import Cryptography
internal import FrameCodec
public import Model
internal import Postgres

/// Samples of series of one remote target, all taken at one instant; not all of that instant, maybe.
public struct RemoteRound: Sendable {
    /// Which target: what is scraped together shares its instants. At most 200 bytes.
    public var group: String
    /// When.
    public var at: Timestamp
    /// Complete labels; each label set at most once. `Double.stale` ends a series.
    public var samples: [(labels: Labels, value: Double)]

    /// `samples` of `group`.
    public init(group: String, at: Timestamp, samples: [(labels: Labels, value: Double)]) {
        self.group = group
        self.at = at
        self.samples = samples
    }
}

/// Series that others measure, as they are sent: in any order, and each scrape in pieces. A target has some *lanes*, each
/// a source of the aggregator's own whose rounds are strictly in order: what comes goes to the first lane that has had
/// nothing of that time yet. Readers put lanes together; in a round of these sources a series that is not there has no
/// sample, but does not end.
actor RemoteSeries {
    /// Begins the names of these sources, and of no other.
    static let prefix = "remote-write/"
    /// More at a time is refused: senders that are that far out of order do not mean it.
    private static let laneLimit = 32
    /// Targets, and series of them all, that are remembered; idle targets make room for new ones.
    private static let groupLimit = 10_000
    private static let seriesLimit = 2_000_000

    private struct Lane {
        var stream: OwnStream
        /// The newest round.
        var last: Int64
        /// Whether its newest rounds are not committed yet: what builds on them would be lost with them.
        var isBusy = false
    }

    private struct Group {
        var lanes: [Lane] = []
        var usedAt: Timestamp
    }

    /// What was encoded, to be told whether it was committed.
    struct Work: Sendable {
        var batches: [AcceptedBatch] = []
        fileprivate var lanes: [(group: String, lane: Int)] = []
    }

    private let identity: OwnAgent
    private let clock: WallClock
    private var groups: [String: Group] = [:]
    /// Series on all boards, those that ended included.
    private var seriesCount = 0

    init(identity: OwnAgent, clock: WallClock) {
        self.identity = identity
        self.clock = clock
    }

    /// The rounds as batches, to be written in one transaction; `last` knows what was stored before this process.
    ///
    /// - Throws: `.full` if a target's rounds come from too many times at once.
    func encode(
        _ rounds: [RemoteRound], families: [String: MetricFamily], last: @Sendable (String) -> Int64?
    ) async throws -> Work {
        let own = try await identity.get()
        var work = Work()
        do {
            for (group, rounds) in Dictionary(grouping: rounds, by: \.group) {
                let rounds = rounds.sorted { $0.at < $1.at }
                guard let first = rounds.first else { continue }
                try makeRoom(for: group)
                let number = try lane(of: group, before: first.at.milliseconds, own.id, last)
                groups[group]?.lanes[number].isBusy = true
                work.lanes.append((group, number))
                for round in rounds { work.batches.append(try encode(round, number, own.row, families)) }
            }
        } catch {
            finish(work, isCommitted: false)
            throw error
        }
        return work
    }

    /// Tells what became of `work`.
    func finish(_ work: Work, isCommitted: Bool) {
        for (group, number) in work.lanes {
            if !isCommitted { groups[group]?.lanes[number].stream.encoder.restart() }
            groups[group]?.lanes[number].isBusy = false
        }
    }

    private func makeRoom(for group: String) throws {
        let now = clock.now
        guard groups[group] == nil else {
            groups[group]?.usedAt = now
            return
        }
        if groups.count >= Self.groupLimit || seriesCount >= Self.seriesLimit {
            // What is forgotten is known again from the store when it comes back.
            groups = groups.filter { now - $0.value.usedAt < .seconds(600) || $0.value.lanes.contains(where: \.isBusy) }
            seriesCount = groups.values.reduce(0) { $0 + $1.lanes.reduce(0) { $0 + $1.stream.seriesCount } }
        }
        guard groups.count < Self.groupLimit, seriesCount < Self.seriesLimit else {
            throw StoreError(
                .full,
                "\(groups.count) targets with \(seriesCount) series were written to within ten minutes: no more fit")
        }
        groups[group] = Group(usedAt: now)
    }

    private func lane(
        of group: String, before instant: Int64, _ agent: AgentID, _ last: (String) -> Int64?
    ) throws -> Int {
        let lanes = groups[group]?.lanes ?? []
        if let free = lanes.indices.first(where: { !lanes[$0].isBusy && lanes[$0].last < instant }) { return free }
        for number in lanes.count..<max(lanes.count, Self.laneLimit) {
            let name = "\(Self.prefix)\(group)/\(number)"
            let stored = last(name) ?? .min
            groups[group]?.lanes.append(Lane(stream: OwnStream(name, agent), last: stored))
            if stored < instant { return number }
        }
        throw StoreError(.outOfOrder, "samples of \(group) come from more than \(Self.laneLimit) times at once")
    }

    private func encode(
        _ round: RemoteRound, _ number: Int, _ row: Int32, _ families: [String: MetricFamily]
    ) throws -> AcceptedBatch {
        guard var lane = groups[round.group]?.lanes[number] else {
            throw StoreError(.full, "the target \(round.group) is gone")
        }
        let before = lane.stream.seriesCount
        // Of the stream, so that the time of keyframes runs on whatever the samples' times are.
        let batch = try lane.stream.encode(round.at, madeAt: clock.now, row) { board in
            for sample in round.samples {
                let metric = sample.labels.metric
                let known = Self.family(of: metric, families)
                let family = board.family(known.name, known.type, help: known.help)
                // An end must be told from an absence.
                let value = sample.value.isStale ? .ended : sample.value
                board.set(board.number(of: sample.labels, family: family), to: value)
            }
        }
        lane.last = round.at.milliseconds
        seriesCount += lane.stream.seriesCount - before
        groups[round.group]?.lanes[number] = lane
        return batch
    }

    /// What the sender said of `metric`; without that, what its name says.
    private static func family(of metric: String, _ families: [String: MetricFamily]) -> MetricFamily {
        if let known = families[metric] { return known }
        for suffix in ["_bucket", "_sum", "_count"] where metric.hasSuffix(suffix) {
            if let known = families[String(metric.dropLast(suffix.count))] { return known }
        }
        let isCounter = ["_total", "_count", "_sum", "_bucket"].contains { metric.hasSuffix($0) }
        return MetricFamily(name: metric, type: isCounter ? .counter : .gauge, help: "")
    }
}

extension Double {
    /// A staleness marker as it stands in rounds of remote series, where `.stale` only means that there is no sample.
    static let ended = Double(bitPattern: 0x7ff0_0000_0000_0003)

    var isEnded: Bool { bitPattern == 0x7ff0_0000_0000_0003 }
}

extension QueryPlan.Target {
    /// Whether it is a lane of series that others measure.
    var isRemote: Bool { isOwn && key.name.hasPrefix(RemoteSeries.prefix) }
}

extension SampledColumn {
    /// As readers see a remote series: without instants that it has no sample at.
    var withoutAbsences: SampledColumn {
        var result = SampledColumn(labels: labels, timestamps: [], values: [])
        for (timestamp, value) in zip(timestamps, values) where !value.isStale {
            result.timestamps.append(timestamp)
            result.values.append(value.isEnded ? .stale : value)
        }
        return result
    }
}
