public import AsyncSupport
public import ConfigurationFile
public import Logging
public import Model
public import Postgres
public import PromQL
public import SeriesQuery
public import ServiceLifecycle
internal import Synchronization

/// Evaluates rule groups: each on its interval's grid, and those that look at states at once when something happened.
///
/// Of several aggregators over one database one evaluates, holding an advisory lock; a fencing token keeps one that lost
/// the lock without knowing from saving anything. The others show what the one has saved, and take over when it is gone.
public final class RuleService: Service {
    let pool: PostgresPool
    let settings: RuleSettings
    let clock: WallClock
    let logger: Logger
    let alerts: any AlertSink
    let engine: PromQLEngine
    let series: (any SeriesSink)?
    /// Reads the rule files.
    let read: @Sendable () throws(ConfigurationErrors) -> [RuleGroup]
    /// There are other rules to evaluate than before.
    let replaced = Signal()
    let state = Mutex(State())

    /// Alerts as they change: pending, firing, resolved. A subscriber that lags loses the oldest.
    public let changes = Broadcast<Alert>(bufferLimit: 256)

    struct State {
        var runners: [RuleGroupRunner] = []
        var inputs = RuleInputs([])
        var overrides: [RuleOverride] = []
        /// How often someone here changed them: what was read before a change does not take its place.
        var overrideChanges = 0
        var problems: [ConfigurationError] = []
        var coverage: (at: Timestamp, byRule: [String: ClusterSet])?
        var isRunner = false
        /// What another aggregator has saved, while this one stands by.
        var others: [Alert] = []
        var notBefore: Timestamp?
        var requested = 0
    }

    /// A service for `groups`.
    ///
    /// - Parameters:
    ///   - read: reads the rule files again; nil if there are none to read.
    ///   - series: where ALERTS and recorded series go; nil for nowhere.
    ///   - alerts: who tells people.
    public init(
        groups: [RuleGroup], reading read: (@Sendable () throws(ConfigurationErrors) -> [RuleGroup])? = nil,
        engine: PromQLEngine, series: (any SeriesSink)?, alerts: any AlertSink, pool: PostgresPool,
        settings: RuleSettings = RuleSettings(), clock: WallClock = .system, logger: Logger
    ) {
        self.pool = pool
        self.settings = settings
        self.clock = clock
        self.logger = logger
        self.alerts = alerts
        self.engine = engine
        self.series = series
        self.read = read ?? { () throws(ConfigurationErrors) in groups }
        let runners = groups.map(makeRunner)
        state.withLock { state in
            state.runners = runners
            state.inputs = RuleInputs(groups)
        }
    }

    /// In the files' order.
    var runners: [RuleGroupRunner] { state.withLock { $0.runners } }

    func makeRunner(_ group: RuleGroup) -> RuleGroupRunner {
        RuleGroupRunner(
            group: group, engine: engine, series: series, alerts: alerts, settings: settings, logger: logger)
    }

    /// Asks for an evaluation at once, as when a member's state changed, of the groups that look at states: those that are
    /// evaluated as often as the least interval, or every 5 s. Many askers get one evaluation.
    ///
    /// - Parameter notBefore: the newest sample that has to be seen, if the host that sent it may be ahead of us;
    ///   counts up to a minute ahead.
    public func evaluateNow(reason: String, notBefore: Timestamp? = nil) {
        state.withLock { state in
            state.requested += 1
            if let notBefore { state.notBefore = state.notBefore.map { max($0, notBefore) } ?? notBefore }
        }
        logger.debug("rules are evaluated at once", metadata: ["reason": "\(reason)"])
        for runner in runners where runner.interval <= max(.seconds(5), settings.interval) { runner.wake.send() }
    }

    /// Asks for an evaluation of all groups, as when what they evaluate has changed.
    func wakeAll() {
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
        try await readOverrides()
        let alerts = saved.values.flatMap { $0 }.map(\.alert)
        let before = state.withLock { state in
            defer { state.others = alerts }
            return Set(state.others)
        }
        for alert in alerts where !before.contains(alert) { changes.send(alert) }
    }
}
