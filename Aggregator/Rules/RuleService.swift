public import AsyncSupport
public import Logging
public import Model
public import Postgres
public import PromQL
public import SeriesQuery
public import ServiceLifecycle
internal import Synchronization

/// How rules are evaluated.
public struct RuleSettings: Sendable {
    /// For groups that name none.
    public var interval: Duration
    /// What one rule's query may take.
    public var deadline: Duration
    /// After a start nothing is judged for so long: what agents kept while the aggregator was away comes in first.
    public var startupGrace: Duration
    /// Where people reach this installation: `$externalURL` in templates.
    public var externalURL: String
    /// `$externalLabels` in templates.
    public var externalLabels = Labels()
    /// The least time between two evaluations that were asked for, so that a storm of events cannot eat a core.
    public var leastGap: Duration

    /// Every 5 s, 10 s of deadline, 5 s of grace, 100 ms between evaluations that were asked for.
    public init(
        interval: Duration = .seconds(5), deadline: Duration = .seconds(10), startupGrace: Duration = .seconds(5),
        externalURL: String = "", leastGap: Duration = .milliseconds(100)
    ) {
        self.interval = interval
        self.deadline = deadline
        self.startupGrace = startupGrace
        self.externalURL = externalURL
        self.leastGap = leastGap
    }
}

/// Evaluates rule groups: each on its interval's grid, and all at once when something happened.
///
/// Of several aggregators over one database one evaluates, holding an advisory lock; a fencing token keeps one that lost
/// the lock without knowing from saving anything. The others show what the one has saved, and take over when it is gone.
public final class RuleService: Service {
    private let pool: PostgresPool
    private let settings: RuleSettings
    private let clock: WallClock
    private let logger: Logger
    private let alerts: any AlertSink
    private let runners: [RuleGroupRunner]
    private let state = Mutex(State())

    /// Alerts as they change: pending, firing, resolved. A subscriber that lags loses the oldest.
    public let changes = Broadcast<Alert>(bufferLimit: 256)

    private struct State {
        var isRunner = false
        /// What another aggregator has saved, while this one stands by.
        var others: [Alert] = []
        var notBefore: Timestamp?
        var requested = 0
    }

    /// A service for `groups`.
    ///
    /// - Parameters:
    ///   - series: where ALERTS and recorded series go; nil for nowhere.
    ///   - alerts: who tells people.
    public init(
        groups: [RuleGroup], engine: PromQLEngine, series: (any SeriesSink)?, alerts: any AlertSink, pool: PostgresPool,
        settings: RuleSettings = RuleSettings(), clock: WallClock = .system, logger: Logger
    ) {
        self.pool = pool
        self.settings = settings
        self.clock = clock
        self.logger = logger
        self.alerts = alerts
        runners = groups.map { group in
            RuleGroupRunner(
                group: group, engine: engine, series: series, alerts: alerts, settings: settings, logger: logger)
        }
    }

    /// Asks for an evaluation of all groups at once, as when a member's state changed. Many askers get one evaluation.
    ///
    /// - Parameter notBefore: the newest sample that has to be seen, if the host that sent it may be ahead of us;
    ///   counts up to a minute ahead.
    public func evaluateNow(reason: String, notBefore: Timestamp? = nil) {
        state.withLock { state in
            state.requested += 1
            if let notBefore { state.notBefore = state.notBefore.map { max($0, notBefore) } ?? notBefore }
        }
        logger.debug("rules are evaluated at once", metadata: ["reason": "\(reason)"])
        for runner in runners { runner.wake.send() }
    }

    /// Alerts that are pending or firing, and those resolved within the last 15 minutes.
    public func alertsNow() -> [Alert] {
        let (isRunner, others) = state.withLock { ($0.isRunner, $0.others) }
        return isRunner ? runners.flatMap { $0.status.rules.flatMap(\.alerts) } : others
    }

    /// Alerts that are pending or firing.
    public func activeAlerts() -> [Alert] { alertsNow().filter { $0.state != .resolved } }

    /// How each group goes, in the files' order.
    public func status() -> [RuleGroupStatus] { runners.map(\.status) }

    /// The rule `name`: its id, or its name if no other rule has that; with its group.
    ///
    /// - Throws: `.notFound`.
    public func rule(_ name: String) throws(RulesError) -> (rule: Rule, group: RuleGroup) {
        try RuleGroup.find(name, in: runners.map(\.group))
    }

    /// How rules are evaluated.
    public var evaluation: RuleSettings { settings }

    /// Whether this aggregator is the one that evaluates.
    public var isRunner: Bool { state.withLock { $0.isRunner } }

    /// How many evaluations were asked for.
    public var requested: Int { state.withLock { $0.requested } }

    /// Evaluates until the program stops; waits while another aggregator does.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await self.untilCancelled()
        }
        changes.finish()
    }

    private func untilCancelled() async {
        while !Task.isCancelled {
            do {
                let ran: Void? = try await pool.withAdvisoryLock("rules") { try await self.runAsHolder($0) }
                if ran == nil { try await lookAtOthers() }
            } catch is CancellationError {
                return
            } catch {
                logger.warning("evaluation of rules was interrupted", metadata: ["error": "\(error)"])
            }
            // So late at most those who stand by show what changed. Cancelled is how it ends.
            try? await Task.sleep(for: .seconds(1))
        }
    }

    private func lookAtOthers() async throws {
        let saved = try await pool.withConnection { try await AlertStore.load(in: $0) }
        let alerts = saved.values.flatMap { $0 }.map(\.alert)
        let before = state.withLock { state in
            defer { state.others = alerts }
            return Set(state.others)
        }
        for alert in alerts where !before.contains(alert) { changes.send(alert) }
    }

    // MARK: As the one that evaluates

    private func runAsHolder(_ connection: PostgresConnection) async throws {
        let token = try await AlertStore.takeOver(at: clock.now, in: connection)
        let saved = try await AlertStore.load(in: connection)
        for runner in runners { await runner.restore(saved) }
        try await dropForgotten(saved, token: token)
        state.withLock { $0.isRunner = true }
        defer { state.withLock { $0.isRunner = false } }
        logger.info(
            "evaluating rules",
            metadata: ["groups": "\(runners.count)", "token": "\(token)", "saved": "\(saved.count)"])
        try await Task.sleep(for: settings.startupGrace)
        try await withThrowingTaskGroup(of: Void.self) { group in
            // The lock lives as long as its session: a dead session means that another may hold it.
            group.addTask {
                while true {
                    try await connection.query("select 1 as alive")
                    try await Task.sleep(for: .seconds(2))
                }
            }
            for runner in self.runners {
                group.addTask { try await self.tick(runner) }
                group.addTask { try await self.evaluate(runner, token: token) }
            }
            defer { group.cancelAll() }
            for try await _ in group {}
        }
    }

    private func tick(_ runner: RuleGroupRunner) async throws {
        runner.wake.send()
        var ticker = Ticker(every: runner.interval, clock: ContinuousClock())
        while true {
            let tick = try await ticker.next()
            if tick.missed > 0 { await runner.count(missed: tick.missed) }
            runner.wake.send()
        }
    }

    private func evaluate(_ runner: RuleGroupRunner, token: Int64) async throws {
        var failing = false
        while true {
            try await runner.wake.wait()
            do {
                for alert in try await runner.evaluate(at: instant(), token: token, pool: pool) { changes.send(alert) }
                if failing { logger.info("alerts are saved again", metadata: ["group": "\(runner.group.id)"]) }
                failing = false
            } catch is CancellationError {
                throw CancellationError()
            } catch let error as RulesError where error.code == .notTheRunner {
                throw error
            } catch {
                if !failing {
                    logger.error(
                        "alerts cannot be saved", metadata: ["group": "\(runner.group.id)", "error": "\(error)"])
                }
                failing = true
            }
            try await Task.sleep(for: settings.leastGap)
        }
    }

    /// Now, or a little later if a sample that has to be seen is ahead of our clock.
    private func instant() -> Timestamp {
        let now = clock.now
        let notBefore = state.withLock { state in
            defer { state.notBefore = nil }
            return state.notBefore
        }
        guard let notBefore, notBefore > now, notBefore - now <= .seconds(60) else { return now }
        return notBefore
    }

    /// Ends alerts whose rule is in no file any more.
    private func dropForgotten(_ saved: [String: [TrackedAlert]], token: Int64) async throws {
        let known = Set(runners.flatMap { $0.group.rules.map(\.id) })
        let forgotten = saved.filter { !known.contains($0.key) }
        guard !forgotten.isEmpty else { return }
        let now = clock.now
        let ended = forgotten.values.flatMap { alerts -> [Alert] in
            var states = AlertStates(alerts)
            return states.resolveAll(at: now).compactMap(\.announcement)
        }
        let (sink, rules) = (alerts, forgotten.keys.sorted())
        try await pool.transaction { connection in
            try await AlertStore.check(token: token, in: connection)
            try await connection.execute("delete from alert_state where rule = any(\(rules))")
            if !ended.isEmpty { try await sink.enqueue(ended, at: now, in: connection) }
        }
        if !ended.isEmpty { sink.committed() }
        for alert in ended { changes.send(alert) }
    }
}
