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
    private let published: Mutex<RuleGroupStatus>

    init(
        group: RuleGroup, engine: PromQLEngine, series: (any SeriesSink)?, alerts: any AlertSink,
        settings: RuleSettings,
        logger: Logger
    ) {
        self.group = group
        interval = group.interval ?? settings.interval
        self.engine = engine
        self.series = series
        self.alerts = alerts
        self.settings = settings
        self.logger = logger
        published = Mutex(
            RuleGroupStatus(
                file: group.file, name: group.name, interval: interval, lastDuration: .zero, evaluations: 0, missed: 0,
                rules: group.rules.map { rule in
                    RuleStatus(
                        id: rule.id, kind: rule.kind, name: rule.name, query: rule.query.text, hold: rule.hold,
                        health: .unknown, lastDuration: .zero, alerts: [])
                }))
    }

    /// How it goes; may be asked at any time.
    nonisolated var status: RuleGroupStatus { published.withLock { $0 } }

    /// Takes up what was saved; the rest of `saved` belongs to other groups.
    func restore(_ saved: [String: [TrackedAlert]]) {
        for rule in group.rules { states[rule.id] = AlertStates(saved[rule.id] ?? []) }
        hasSeries = states.values.contains { $0.activeCount > 0 }
        last = states.values.flatMap(\.all).flatMap { [$0.alert.activeAt, $0.alert.firedAt, $0.alert.resolvedAt] }
            .compactMap { $0 }.max()
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
    func evaluate(at now: Timestamp, token: Int64, pool: PostgresPool) async throws -> [Alert] {
        let clock = ContinuousClock()
        let start = clock.now
        let now = last.map { max(now, $0 + .milliseconds(1)) } ?? now
        let results = await evaluateRules(at: now)
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

    private struct RuleResult {
        var rule: Rule
        var states: AlertStates
        var changes: [AlertChange] = []
        var recordings: [(labels: Labels, value: Double)] = []
    }

    private func evaluateRules(at now: Timestamp) async -> [RuleResult] {
        var results: [RuleResult] = []
        var overlay: [Labels: Double] = [:]
        for rule in group.rules {
            let source = RoundOverlay(base: engine.source, recorded: overlay, at: now - group.queryOffset)
            let engine = PromQLEngine(source: source, options: engine.options)
            let result = await evaluate(rule, at: now, with: engine)
            guard rule.kind == .record else {
                results.append(result)
                continue
            }
            // From here on the group sees what this rule recorded, and no more what it recorded in the round before.
            for labels in recorded[rule.id] ?? [] { overlay[labels] = .stale }
            for (labels, value) in result.recordings { overlay[labels] = value }
            recorded[rule.id] = Set(result.recordings.map(\.labels))
            results.append(result)
        }
        return results
    }

    private func evaluate(_ rule: Rule, at now: Timestamp, with engine: PromQLEngine) async -> RuleResult {
        let clock = ContinuousClock()
        let start = clock.now
        var result = RuleResult(rule: rule, states: states[rule.id] ?? AlertStates())
        var problem: String?
        do {
            let samples = try await samples(of: rule, at: now, with: engine)
            let evaluation = RuleEvaluation(rule: rule, externalURL: settings.externalURL)
            switch rule.kind {
            case .record: result.recordings = try evaluation.recordings(of: samples, limit: group.limit)
            case .alert:
                let (observed, textProblem) = try evaluation.observations(of: samples, limit: group.limit)
                result.changes = result.states.apply(
                    observed, hold: rule.hold, keepFiringFor: rule.keepFiringFor, at: now)
                problem = textProblem
            }
        } catch {
            problem = "\(error)"
        }
        note(rule, problem, clock.now - start)
        return result
    }

    private func samples(
        of rule: Rule, at now: Timestamp, with engine: PromQLEngine
    ) async throws -> [VectorSample] {
        let instant = now - group.queryOffset
        let result = try await withDeadline(settings.deadline) { try await engine.instant(rule.query, at: instant) }
        guard let vector = result.value.vector else {
            throw RulesError(.evaluation, "the expression gives a \(result.value.typeName), not an instant vector")
        }
        return vector
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
        var round = results.flatMap(\.recordings)
        for tracked in results.flatMap(\.states.all) where tracked.alert.state != .resolved {
            round += Self.series(of: tracked.alert)
        }
        guard !round.isEmpty || hasSeries else { return }
        do {
            try await series.append(round, source: "rules/\(group.id)", at: now - group.queryOffset)
            hasSeries = !round.isEmpty
        } catch {
            logger.warning(
                "series of rules were not written", metadata: ["group": "\(group.id)", "error": "\(error)"])
        }
    }

    private static func series(of alert: Alert) -> [(labels: Labels, value: Double)] {
        var state = alert.labels
        state[Labels.metricName] = "ALERTS"
        state["alertstate"] = alert.state.rawValue
        var since = alert.labels
        since[Labels.metricName] = "ALERTS_FOR_STATE"
        return [(state, 1), (since, alert.activeAt.seconds.rounded(.down))]
    }

    // MARK: Status

    private func note(_ rule: Rule, _ problem: String?, _ duration: Duration) {
        let before = published.withLock { status -> String? in
            guard let at = status.rules.firstIndex(where: { $0.id == rule.id }) else { return nil }
            defer {
                status.rules[at].health = problem == nil ? .ok : .err
                status.rules[at].lastError = problem
                status.rules[at].lastDuration = duration
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
                status.rules[at].alerts = states[status.rules[at].id]?.all.map(\.alert) ?? []
            }
        }
    }
}
