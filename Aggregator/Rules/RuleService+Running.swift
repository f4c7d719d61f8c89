internal import AsyncSupport
internal import Logging
internal import Model
internal import Postgres
internal import Synchronization

// What the one aggregator does that evaluates.
extension RuleService {
    /// Evaluates for as long as the lock that `connection` holds is ours.
    func runAsHolder(_ connection: PostgresConnection) async throws {
        let token = try await AlertStore.takeOver(at: clock.now, in: connection)
        defer { state.withLock { $0.isRunner = false } }
        var grace = settings.startupGrace
        while true {
            let (runners, inputs) = state.withLock { ($0.runners, $0.inputs) }
            let saved = try await AlertStore.load(in: connection)
            try await readOverrides()
            for runner in runners { await runner.restore(saved, inputs) }
            try await dropForgotten(saved, runners, token: token)
            state.withLock { $0.isRunner = true }
            logger.info(
                "evaluating rules",
                metadata: ["groups": "\(runners.count)", "token": "\(token)", "saved": "\(saved.count)"])
            try await Task.sleep(for: grace)
            grace = .zero
            try await evaluate(runners, token: token, connection)
        }
    }

    /// Evaluates until there are other rules to evaluate.
    private func evaluate(
        _ runners: [RuleGroupRunner], token: Int64, _ connection: PostgresConnection
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.replaced.wait() }
            // The lock lives as long as its session: a dead session means that another may hold it.
            group.addTask {
                while true {
                    try await self.readOverrides(in: connection)
                    try await Task.sleep(for: .seconds(2))
                }
            }
            for runner in runners {
                group.addTask { try await self.tick(runner) }
                group.addTask { try await self.evaluate(runner, token: token) }
            }
            defer { group.cancelAll() }
            // The others do not end but by an error.
            try await group.next()
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
                let changed = try await runner.evaluate(
                    at: instant(), token: token, pool: pool, overrides: overrides)
                for alert in changed { changes.send(alert) }
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
    private func dropForgotten(
        _ saved: [String: [TrackedAlert]], _ runners: [RuleGroupRunner], token: Int64
    ) async throws {
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
