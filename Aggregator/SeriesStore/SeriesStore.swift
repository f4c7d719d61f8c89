// Series, kept as the batches that agents sent: written with their transaction, read back by label matchers and time.
// What came lately is in memory, everything is in PostgreSQL, and both are read by the same code. Identity labels are
// added here from the enrolment record, and the silence of an agent is told here as `up` 0. Leaves checking batches to
// Ingest, evaluating queries to PromQL, and the byte format to FrameCodec.
internal import FrameCodec
public import Logging
public import Model
public import Postgres
public import SeriesQuery
internal import Synchronization

/// All series of the installation.
///
/// Ingest calls ``write(_:on:)`` inside its transaction and ``apply(committed:)`` after COMMIT. Queries work on copies of
/// what is in memory and never hold it up.
public final class SeriesStore: SeriesSource, Sendable {
    /// How much is kept where, and for how long.
    public struct Options: Sendable {
        /// Bytes of recent batches in memory, roughly.
        public var recentBytes = 256 << 20
        /// Age of the oldest batch in memory.
        public var recentAge: Duration = .seconds(15 * 60)
        /// How long batches are collected before they become blocks.
        public var batchSlot: Duration = .seconds(10 * 60)
        /// How much time a merged block covers; a day is a multiple of it.
        public var blockWindow: Duration = .seconds(6 * 3600)
        /// How long after its receipt a batch may still be committed.
        public var commitTolerance: Duration = .seconds(30)
        /// Age at which a day of blocks is dropped.
        public var retention: Duration = .seconds(90 * 86_400)
        /// Age at which four weeks of rollups are dropped.
        public var rollupRetention: Duration = .seconds(730 * 86_400)
        /// Bytes of blocks, with all that PostgreSQL adds, beyond which the oldest day is dropped; nil: no limit.
        public var limitBytes: Int64?
        /// For how long batches are kept for those who pass them on and have fallen behind.
        public var forwardingHold: Duration = .seconds(2 * 3600)
        /// How long after a start agents have to come back before they count as silent.
        public var listeningGrace: Duration = .seconds(60)

        /// 256 MiB, a quarter of an hour, slots of 10 minutes, windows of 6 hours, 90 days, two years, two hours, a minute.
        public init() {}
    }

    struct State: Sendable {
        var catalogue = Catalogue()
        var recent: RecentFrames
        /// The newest scrape of each source.
        var latest: [Int32: Latest] = [:]
        /// Sources whose `last_at` in the table is behind.
        var unnoted: Set<Int32> = []
        /// When the catalogue is pruned next.
        var nextPruning: Int64 = .min
        /// From when on silence can be judged.
        var listeningSince: Int64
    }

    struct Latest: Sendable {
        /// A scrape that comes later than this tells of then, not of now; a clock that is a little slow makes none late.
        private static let lateness: Int64 = 60_000

        var timestamp: Int64
        var receivedAt: Int64

        /// When the target was last heard of.
        var heardAt: Int64 { receivedAt - timestamp > Self.lateness ? timestamp : receivedAt }
    }

    let pool: PostgresPool
    let clock: WallClock
    /// How much is kept where.
    public let options: Options
    let logger: Logger
    /// Tells what this aggregator commits from what others do.
    let origin = UInt64.random(in: .min ... .max)
    let table: BatchTable
    let partitions: BatchPartitions
    let blocks: BlockTable
    let rollups: RollupTable
    let keyframes: KeyframeCache
    let state: Mutex<State>
    let derived: DerivedSeries
    let remote: RemoteSeries

    /// A store on the tables of `pool`, empty until ``start()``.
    public init(_ pool: PostgresPool, clock: WallClock = .system, options: Options = Options(), logger: Logger) {
        self.pool = pool
        self.clock = clock
        self.options = options
        self.logger = logger
        // About half of what recent batches take.
        keyframes = KeyframeCache(limit: max(1000, options.recentBytes >> 15))
        table = BatchTable(pool: pool)
        partitions = BatchPartitions(pool: pool, slot: options.batchSlot)
        blocks = BlockTable(pool: pool)
        rollups = RollupTable(pool: pool)
        let own = OwnAgent(pool: pool)
        derived = DerivedSeries(identity: own, clock: clock)
        remote = RemoteSeries(identity: own, clock: clock)
        let now = clock.now.milliseconds
        state = Mutex(
            State(recent: RecentFrames(limitBytes: options.recentBytes, completeAfter: now), listeningSince: now))
    }

    // MARK: Start and upkeep

    /// Makes the partitions of this hour and reads back what the tables know.
    public func start() async throws {
        let now = clock.now
        try await partitions.make(around: now)
        let (catalogue, lastAt) = try await pool.withConnection { connection in
            var catalogue = Catalogue()
            let lastAt = try await CatalogueTables.load(into: &catalogue, on: connection)
            return (catalogue, lastAt)
        }
        state.withLock { state in
            state.catalogue = catalogue
            state.latest = lastAt.mapValues { Latest(timestamp: $0, receivedAt: $0) }
            state.recent = RecentFrames(limitBytes: options.recentBytes, completeAfter: now.milliseconds)
            state.listeningSince = now.milliseconds + options.listeningGrace.milliseconds
        }
        try await reload(through: now.milliseconds)
    }

    /// Reads the batches of the last `recentAge` back, newest minute first, until memory is full.
    private func reload(through now: Int64) async throws {
        let oldest = now - options.recentAge.milliseconds
        var end = now
        while end > oldest {
            let start = max(oldest, end - 60_000)
            let batches = try await table.batches(receivedAfter: start, through: end)
            let isFull = state.withLock { state in
                for batch in batches { state.add(batch) }
                state.recent.isComplete(after: start)
                return state.recent.bytes > options.recentBytes
            }
            if isFull { break }
            end = start
        }
    }

    /// What has to be done now and then: partitions ahead, old ones dropped, agents looked up, memory trimmed.
    public func maintain() async throws {
        let now = clock.now
        try await partitions.make(around: now)
        try await refreshAgents()
        trim(at: now)
        try await noteLatest()
    }

    /// Reads who is enrolled: call it after an agent was enrolled, revoked or deleted.
    public func refreshAgents() async throws {
        let agents = try await pool.withConnection { try await CatalogueTables.agents(on: $0) }
        state.withLock { state in
            state.catalogue.setAgents(agents)
            let sources = state.catalogue.sources
            state.recent.keep { sources[$0] != nil }
            state.latest = state.latest.filter { sources[$0.key] != nil }
        }
    }

    /// Turns closed slots of batches into blocks, closed windows into merged ones and closed days into rollups, and drops
    /// what is over: slots that became blocks, days that are too old or too much.
    public func compact() async throws {
        let now = clock.now
        try await Compactor(store: self).run()
        // What is in memory may build on keyframes that are not; these stay in the table.
        let reach = state.withLock { $0.catalogue.keyframeReach }
        let forwarded = try await forwardedThrough(at: now) ?? now
        let done = min(now - options.recentAge, forwarded)
        let dropped = try await partitions.dropCompacted(endedBy: done - reach, reach: reach)
        if !dropped.isEmpty { logger.debug("batches became blocks", metadata: ["slots": "\(dropped.count)"]) }
        let closed = min(try await partitions.compactedThrough(), now.milliseconds)
        try await BlockMerger(store: self).run(through: closed)
        try await RollupMaker(store: self).run(through: closed)
        try await dropWhatIsOver(at: now)
    }

    private func dropWhatIsOver(at now: Timestamp) async throws {
        try await Remains(store: self).deleteHistory()
        try await blocks.dropEmptyYoung(before: now - options.blockWindow - options.batchSlot)
        let days = try await blocks.dropDays(before: now - options.retention, limitBytes: options.limitBytes)
        let weeks = try await rollups.drop(before: now - options.rollupRetention)
        for name in days + weeks { logger.info("old history dropped", metadata: ["partition": "\(name)"]) }
        let isTime = state.withLock { state in
            defer { if state.nextPruning <= now.milliseconds { state.nextPruning = now.milliseconds + 3_600_000 } }
            return state.nextPruning <= now.milliseconds
        }
        guard isTime else { return }
        // Rollups go four weeks at a time.
        let oldest = now - max(options.retention, options.rollupRetention + .seconds(28 * 86_400))
        try await Remains(store: self).prune(history: oldest, samples: now - options.retention)
    }

    private func trim(at now: Timestamp) {
        let oldest = now - options.recentAge
        state.withLock { $0.recent.evict(receivedThrough: oldest.milliseconds) }
    }

    private func noteLatest() async throws {
        let news = state.withLock { state in
            defer { state.unnoted = [] }
            return state.unnoted.sorted().compactMap { id in state.latest[id].map { (id, $0.timestamp) } }
        }
        do {
            try await CatalogueTables.note(lastAt: news.map { (source: $0.0, at: $0.1) }, in: pool)
        } catch {
            state.withLock { $0.unnoted.formUnion(news.map(\.0)) }
            throw error
        }
    }

    /// Bytes of batches in memory, for metrics.
    public var recentBytes: Int { state.withLock { $0.recent.bytes } }

    /// Sources known, for metrics.
    public var sourceCount: Int { state.withLock { $0.catalogue.sources.count } }

    /// Distinct label sets known, without identity, for metrics.
    public var labelSetCount: Int { state.withLock { $0.catalogue.labelSetCount } }
}

extension SeriesStore.State {
    /// Adds a batch of known sources to what is in memory.
    mutating func add(_ batch: StoredBatch) {
        let numbers = catalogue.numbers
        for (source, scrape) in recent.add(batch, source: { numbers[$0]?.source }) {
            guard latest[source].map({ $0.timestamp < scrape.timestamp }) ?? true else { continue }
            latest[source] = SeriesStore.Latest(timestamp: scrape.timestamp, receivedAt: batch.receivedAt)
            unnoted.insert(source)
        }
    }
}
