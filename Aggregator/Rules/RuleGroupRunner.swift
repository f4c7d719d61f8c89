internal import AsyncSupport
internal import Logging
internal import Model
internal import Postgres
internal import PromQL
internal import SeriesQuery
internal import Synchronization

/// Evaluates one group, keeps the states of its alerts, saves them and writes its series.
///
/// One evaluation at a time: the caller's loop sees to that. What is kept in memory changes only after COMMIT, so an
/// evaluation whose saving failed is simply done again with the next.
actor RuleGroupRunner {
    nonisolated let group: RuleGroup
    nonisolated let interval: Duration
    /// Wakes the group's loop.
    nonisolated let wake = Signal()
    private let engine: PromQLEngine
    private let series: (any SeriesSink)?
    private let alerts: any AlertSink
    private let settings: RuleSettings
    private let logger: Logger

    private var states: [String: AlertStates] = [:]
    private var last: Timestamp?
    private var hasSeries = false
    /// What each rule recorded in the round before.
    private var recorded: [String: Set<Labels>] = [:]
    /// Rules whose firing alerts stay while nothing is measured of what they are about.
    private var patient: Set<String> = []
    private let published: Mutex<RuleGroupStatus>

    init(
        group: RuleGroup, engine: PromQLEngine, series: (any SeriesSink)?, alerts: any AlertSink,
        settings: RuleSettings,
        logger: Logger
    ) {
        self.group = group
        interval = settings.interval(of: group)
        self.engine = engine
        self.series = series
        self.alerts = alerts
        self.settings = settings
        self.logger = logger
        published = Mutex(
            RuleGroupStatus(
                file: group.file, name: group.name, interval: interval, limit: group.limit, lastDuration: .zero,
                evaluations: 0, missed: 0,
                rules: group.rules.map {
                    RuleStatus(rule: $0, health: .unknown, lastDuration: .zero, alerts: [])
                }))
    }

    /// How it goes; may be asked at any time.
    nonisolated var status: RuleGroupStatus { published.withLock { $0 } }

    /// Takes up what was saved; the rest of `saved` belongs to other groups.
    func restore(_ saved: [String: [TrackedAlert]], _ inputs: RuleInputs = RuleInputs([])) {
        patient = Set(group.rules.filter(inputs.isPatient).map(\.id))
        for rule in group.rules { states[rule.id] = AlertStates(saved[rule.id] ?? []) }
        hasSeries = states.values.contains { $0.activeCount > 0 }
        let instants = states.values.flatMap(\.all).flatMap {
            [$0.alert.activeAt, $0.alert.firedAt, $0.alert.resolvedAt]
        }
        last = (instants + [last]).compactMap { $0 }.max()
        publishAlerts()
    }

    /// Counts ticks that were missed.
    func count(missed: Int64) {
        published.withLock { $0.missed += Int(missed) }
    }

    /// One evaluation.
    ///
    /// - Parameter now: moved on if it is not after the evaluation before, so that time never runs backwards.
    /// - Returns: alerts that began to pend, to fire, or were resolved.
    /// - Throws: what kept the result from being saved; `.notTheRunner` when another aggregator has taken over.
    func evaluate(
        at now: Timestamp, token: Int64, pool: PostgresPool, overrides: [RuleOverride] = []
    ) async throws -> [Alert] {
        let clock = ContinuousClock()
        let start = clock.now
        let now = last.map { max(now, $0 + .milliseconds(1)) } ?? now
        let results = await evaluateRules(at: now, overrides)
        defer {
            published.withLock {
                ($0.lastEvaluation, $0.lastDuration, $0.evaluations) = (now, clock.now - start, $0.evaluations + 1)
            }
        }
        do {
            try await save(results, at: now, token: token, pool: pool)
        } catch {
            published.withLock { $0.lastFailure = "\(error)" }
            throw error
        }
        published.withLock { $0.lastFailure = nil }
        last = now
        for result in results { states[result.rule.id] = result.states }
        publishAlerts()
        await writeSeries(results, at: now)
        return results.flatMap(\.changes).compactMap { $0.after?.alert }
    }

    // MARK: Steps

    private func evaluateRules(at now: Timestamp, _ overrides: [RuleOverride]) async -> [RuleResult] {
        let round = GroupRound(
            group: group, engine: engine, settings: settings, overrides: overrides, patient: patient)
        var recorded = recorded
        let results = await round.results(at: now, states: states, recorded: &recorded)
        self.recorded = recorded
        for result in results { note(result, at: now) }
        return results
    }

    private func save(_ results: [RuleResult], at now: Timestamp, token: Int64, pool: PostgresPool) async throws {
        let changed = results.filter { !$0.changes.isEmpty }
        guard !changed.isEmpty else { return }
        let announcements = changed.flatMap(\.changes).compactMap(\.announcement)
        let alerts = alerts
        try await pool.transaction { connection in
            try await AlertStore.check(token: token, in: connection)
            for result in changed { try await AlertStore.save(result.changes, rule: result.rule.id, in: connection) }
            if !announcements.isEmpty { try await alerts.enqueue(announcements, at: now, in: connection) }
        }
        if !announcements.isEmpty { alerts.committed() }
    }

    /// `ALERTS`, `ALERTS_FOR_STATE` and recordings; losing a round of them loses no alert, so a failure is only logged.
    private func writeSeries(_ results: [RuleResult], at now: Timestamp) async {
        guard let series else { return }
        let round = results.flatMap(\.series)
        guard !round.isEmpty || hasSeries else { return }
        do {
            try await series.append(round, source: "rules/\(group.id)", at: now - group.queryOffset)
            hasSeries = !round.isEmpty
        } catch {
            logger.warning(
                "series of rules were not written", metadata: ["group": "\(group.id)", "error": "\(error)"])
        }
    }

    // MARK: Status

    private func note(_ result: RuleResult, at now: Timestamp) {
        let (rule, problem) = (result.rule, result.problem)
        let before = published.withLock { status -> String? in
            guard let at = status.rules.firstIndex(where: { $0.rule.id == rule.id }) else { return nil }
            defer {
                status.rules[at].health = problem == nil ? .ok : .err
                status.rules[at].lastError = problem
                status.rules[at].lastEvaluation = now
                status.rules[at].lastDuration = result.duration
            }
            return status.rules[at].lastError
        }
        // Told when it changes, not with every evaluation.
        guard before != problem else { return }
        if let problem {
            logger.warning("rule cannot be evaluated", metadata: ["rule": "\(rule.id)", "error": "\(problem)"])
        } else {
            logger.info("rule can be evaluated again", metadata: ["rule": "\(rule.id)"])
        }
    }

    private func publishAlerts() {
        let states = states
        published.withLock { status in
            for at in status.rules.indices {
                status.rules[at].alerts = states[status.rules[at].rule.id]?.all.map(\.alert) ?? []
            }
        }
    }
}
