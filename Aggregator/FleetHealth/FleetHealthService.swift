public import AsyncSupport
public import Fleet
public import Logging
public import Model
public import Postgres
public import PromQL
public import ServiceLifecycle
internal import Synchronization

/// Judges the whole fleet every five seconds, and at once when woken; keeps the judgement for whoever asks.
public final class FleetHealthService: Service, CustomStringConvertible {
    private struct State {
        var details: [String: ClusterDetail] = [:]
        var histories: [String: HealthHistory] = [:]
        /// The latest answer to each question, by query.
        var answers: [String: (HealthQueries.Question, [VectorSample])] = [:]
        var failing: Set<String> = []
    }

    /// Summaries that changed, all of one round at once.
    public let changes = Broadcast<[ClusterSummary]>(bufferLimit: 16)

    private let fleet: FleetService
    private let engine: PromQLEngine
    private let history: HealthHistoryStore
    private let alerts: @Sendable () async -> [Alert]
    private let explanations: Explanations
    private let maintenance: @Sendable (Timestamp) -> [String: Timestamp]
    private let limits: HealthLimits
    private let silentAfter: Duration
    private let clock: WallClock
    private let logger: Logger
    private let wakeUp = Signal()
    private let state = Mutex(State())

    /// - Parameters:
    ///   - alerts: those that are pending or firing now.
    ///   - maintenance: clusters on which work is done at an instant, with its end.
    ///   - explanations: unless something worse is wrong, they are the clusters' causes.
    ///   - silentAfter: as the fleet has it.
    public init(
        fleet: FleetService, engine: PromQLEngine, pool: PostgresPool, alerts: @escaping @Sendable () async -> [Alert],
        explanations: Explanations = Explanations(),
        maintenance: @escaping @Sendable (Timestamp) -> [String: Timestamp] = { _ in [:] },
        limits: HealthLimits = HealthLimits(), silentAfter: Duration = .seconds(15), clock: WallClock = .system,
        logger: Logger
    ) {
        self.fleet = fleet
        self.engine = engine
        history = HealthHistoryStore(pool: pool)
        self.alerts = alerts
        self.explanations = explanations
        self.maintenance = maintenance
        self.limits = limits
        self.silentAfter = silentAfter
        self.clock = clock
        self.logger = logger
    }

    public var description: String { "FleetHealthService" }

    /// Every cluster, worst first, then by name.
    public var summaries: [ClusterSummary] {
        state.withLock { $0.details.values.map(\.summary) }
            .sorted { $0.status == $1.status ? $0.name < $1.name : $0.status > $1.status }
    }

    /// Every cluster's detail, by name.
    public var details: [ClusterDetail] {
        state.withLock { Array($0.details.values) }.sorted { $0.summary.name < $1.summary.name }
    }

    /// One cluster's page; nil if there is no such cluster.
    public func detail(_ name: String) -> ClusterDetail? { state.withLock { $0.details[name] } }

    /// Judges soon: a member's state changed.
    public func wake() { wakeUp.send() }

    /// Reads the last day's history.
    public func load() async throws {
        let since = clock.now - .milliseconds(HealthHistory.cellCount * HealthHistory.cellMilliseconds)
        let histories = try await history.load(since: since)
        state.withLock { $0.histories = histories }
    }

    /// Judges until shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.tick() }
                group.addTask { await self.judge() }
            }
        }
        changes.finish()
    }

    private func tick() async {
        var ticker = Ticker(every: .seconds(5), clock: ContinuousClock())
        // Cancelled: shutdown.
        while (try? await ticker.next()) != nil { wakeUp.send() }
    }

    private func judge() async {
        var pace = QuestionPace()
        while !Task.isCancelled {
            do {
                try await wakeUp.wait()
                let asked = ContinuousClock.now
                let questions = pace.due(at: asked)
                let took = await update(asking: questions)
                pace.took(took, for: questions, at: asked)
                // A storm of changes is judged five times a second at most.
                try await Task.sleep(for: .milliseconds(200))
            } catch { return }
        }
    }

    /// One round with every question: asks, judges, notes, tells.
    public func update() async {
        _ = await update(asking: HealthQueries.frequent + HealthQueries.occasional)
    }

    /// - Returns: how long it took to gather the answers.
    private func update(asking questions: [HealthQueries.Question]) async -> Duration {
        let now = clock.now
        let started = ContinuousClock.now
        let facts = await gather(questions, at: now)
        let took = ContinuousClock.now - started
        let counts = Self.counts(await alerts())
        let snapshot = fleet.snapshot()
        let patience = Patience(silentAfter: silentAfter, listeningSince: snapshot.listeningSince)
        let windows = maintenance(now)
        var details = snapshot.clusters.map { cluster in
            var cluster = cluster
            cluster.maintenanceUntil = [cluster.maintenanceUntil, windows[cluster.name]].compactMap { $0 }.max()
            return ClusterAssessment(cluster, facts: facts, limits: limits, patience: patience, now: now).detail
        }
        var unsaved: [(cluster: Int32, status: HealthStatus)] = []
        let changed = state.withLock { state in
            for index in details.indices {
                details[index].summary.explain(explanations[details[index].summary.name])
                let (name, status) = (details[index].summary.name, details[index].summary.status)
                if state.histories[name, default: HealthHistory()].note(status, at: now) {
                    unsaved.append((snapshot.clusters[index].number, status))
                }
                details[index].summary.history = state.histories[name]?.cells(at: now) ?? []
                details[index].summary.alerts = counts[name] ?? .none
            }
            let changed = details.map(\.summary).filter { $0.differs(from: state.details[$0.name]?.summary) }
            state.details = Dictionary(details.map { ($0.summary.name, $0) }) { $1 }
            return changed
        }
        if !changed.isEmpty { changes.send(changed) }
        await save(unsaved, at: now)
        return took
    }

    /// What the series said last, with fresh answers to `questions`.
    private func gather(_ questions: [HealthQueries.Question], at now: Timestamp) async -> SeriesFacts {
        let (answers, failures) = await HealthQueries.ask(questions, of: engine, at: now)
        let (all, news) = state.withLock { state in
            for answer in answers { state.answers[answer.0.query] = answer }
            let before = state.failing
            state.failing.subtract(questions.map(\.query))
            state.failing.formUnion(failures.map(\.query))
            return (Array(state.answers.values), failures.filter { !before.contains($0.query) })
        }
        for failure in news {
            logger.warning(
                "a health query fails", metadata: ["query": "\(failure.query)", "error": "\(failure.reason)"])
        }
        var facts = SeriesFacts()
        for (question, samples) in all {
            for sample in samples { question.sink(&facts, sample.labels, sample.sample.value) }
        }
        return facts
    }

    private func save(_ statuses: [(cluster: Int32, status: HealthStatus)], at now: Timestamp) async {
        do {
            try await history.save(statuses, at: now)
        } catch {
            logger.warning("health history could not be saved", metadata: ["error": "\(String(reflecting: error))"])
        }
    }

    /// Firing alerts by cluster and severity.
    static func counts(_ alerts: [Alert]) -> [String: ClusterSummary.AlertCounts] {
        var counts: [String: ClusterSummary.AlertCounts] = [:]
        for alert in alerts where alert.state == .firing {
            let cluster = alert.labels["cluster"] ?? ""
            switch alert.labels["severity"] {
            case "critical": counts[cluster, default: .none].critical += 1
            case "warning": counts[cluster, default: .none].warning += 1
            default: counts[cluster, default: .none].info += 1
            }
        }
        return counts
    }
}

extension ClusterSummary {
    /// Takes `sentence` for its cause where it is degraded though all members answer. A verdict explains and does not
    /// judge: it may be about what is over, such as an election minutes ago.
    mutating func explain(_ sentence: String?) {
        guard let sentence, status == .degraded, members.up == members.total else { return }
        cause = sentence
    }

    /// Whether there is something new to tell: passing time alone is not.
    func differs(from other: ClusterSummary?) -> Bool {
        guard var other else { return true }
        other.updatedAt = updatedAt
        // Normal ages differ always; silence is told in steps of five seconds.
        let (old, new) = ((other.agents.oldestSeconds / 5).rounded(), (agents.oldestSeconds / 5).rounded())
        if max(old, new) <= 2 || old == new { other.agents.oldestSeconds = agents.oldestSeconds }
        return other != self
    }
}
