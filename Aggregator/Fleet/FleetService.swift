public import AsyncSupport
public import Logging
public import Model
public import Postgres
public import ServiceLifecycle
internal import Synchronization

/// The fleet as this process knows it, kept in step with the database.
///
/// Questions (`agent(_:)`, `snapshot()`) are answered from memory and never wait. What is learnt is written to the
/// database behind them; what cannot be written now is kept, within bounds, and written later.
public final class FleetService: Service, CustomStringConvertible {
    /// How patient the fleet is.
    public struct Options: Sendable {
        /// An agent that says nothing for longer is silent.
        public var silentAfter: Duration = .seconds(15)
        /// Events older than this are removed.
        public var eventRetention: Duration = .seconds(400 * 86_400)

        /// The defaults.
        public init() {}
    }

    struct State {
        var observations: [String: ClusterObservation] = [:]
        var clusters: [String: ClusterStore.Cluster] = [:]
        var unsavedOpinions: [MemberOpinion.Key: MemberOpinion] = [:]
        var unsavedEvents: [FleetEvent] = []
        var lookedForAgentsAt: ContinuousClock.Instant?
    }

    /// Events as they are stored, each once.
    public let events = Broadcast<FleetEvent>(bufferLimit: 1024)

    let pool: PostgresPool
    let directory = AgentDirectory()
    let state = Mutex(State())
    let told = Mutex(ToldEvents())
    /// Tells what this aggregator stores from what others do.
    let origin = UInt64.random(in: .min ... .max)
    let clock: WallClock
    let logger: Logger
    let options: Options
    let listeningSince: Timestamp
    private let watch: SilenceWatch

    /// The fleet in the database behind `pool`; nothing is known before `load()`.
    public init(pool: PostgresPool, options: Options = Options(), clock: WallClock = .system, logger: Logger) {
        self.pool = pool
        self.options = options
        self.clock = clock
        self.logger = logger
        listeningSince = clock.now
        watch = SilenceWatch(limit: options.silentAfter, listeningSince: listeningSince)
    }

    public var description: String { "FleetService" }

    /// Reads everything from the database.
    public func load() async throws {
        let agents = try await AgentStore(pool: pool).all()
        directory.merge(agents)
        let clusters = try await ClusterStore(pool: pool).clusters()
        let byNumber = Dictionary(agents.map { ($0.number, $0) }) { $1 }
        let opinions = try await ClusterStore(pool: pool).opinions(of: byNumber)
        let newest = try await EventStore(pool: pool).newestID()
        told.withLock { _ = $0.note([newest]) }
        state.withLock { state in
            state.clusters = Dictionary(clusters.map { ($0.name, $0) }) { $1 }
            for opinion in opinions.sorted(by: { $0.observedAt < $1.observedAt }) {
                state.observations[opinion.cluster, default: ClusterObservation(name: opinion.cluster)]
                    .restore(opinion)
            }
        }
    }

    /// Watches for silent agents every second; every five, writes contacts and reads what others changed.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.followEvents() }
                group.addTask {
                    var ticker = Ticker(every: .seconds(1), clock: ContinuousClock())
                    // Cancelled: shutdown.
                    while let tick = try? await ticker.next() {
                        await self.step(number: tick.number)
                    }
                }
            }
        }
        events.finish()
        await flush()
    }

    private func step(number: Int64) async {
        await checkSilence()
        await saveLearnt()
        guard number % 5 == 0 else { return }
        await flush()
        await refresh()
        if number % 3600 == 0 { await removeOldEvents() }
    }

    /// Notes who fell silent or came back.
    func checkSilence() async {
        let now = clock.now
        var changes = watch.changes(of: directory.all, at: now)
        let suspects = changes.filter { $0.silentSince != nil }.map(\.id)
        if !suspects.isEmpty {
            // Another aggregator may hear it.
            guard await askOthers(about: suspects) else { return }
            changes = watch.changes(of: directory.all, at: now)
        }
        guard !changes.isEmpty else { return }
        for change in changes { directory.update(change.id) { $0.silentSince = change.silentSince } }
        await store(changes.map(\.event))
    }

    /// Writes the contacts that the table does not have.
    func flush() async {
        let unsaved = directory.takeUnsaved()
        guard !unsaved.isEmpty else { return }
        do {
            try await AgentStore(pool: pool).save(unsaved)
        } catch {
            directory.returnUnsaved(unsaved.map(\.id))
            logger.warning("contacts of agents could not be saved", metadata: ["error": "\(String(reflecting: error))"])
        }
    }

    /// Reads what another aggregator or the command line changed in the last minute.
    public func refresh() async {
        do {
            let agents = try await AgentStore(pool: pool).changed(since: clock.now - .seconds(60))
            let clusters = try await ClusterStore(pool: pool).clusters()
            directory.merge(agents)
            keep(clusters)
            state.withLock { state in
                for agent in agents where !agent.isActive { state.observations[agent.cluster]?.forget(agent.id) }
            }
        } catch {
            logger.warning("the fleet could not be refreshed", metadata: ["error": "\(String(reflecting: error))"])
        }
    }

    private func removeOldEvents() async {
        do {
            try await EventStore(pool: pool).removeEvents(before: clock.now - options.eventRetention)
        } catch {
            logger.warning("old events could not be removed", metadata: ["error": "\(String(reflecting: error))"])
        }
    }
}
