import Logging
import Model
import Postgres
import PromQL
import ServiceLifecycle
import TestSupport
import Testing

@testable import Rules

@Suite(.enabled(if: PostgresFixture.unavailable == nil), .timeLimit(.minutes(2))) struct RuleServiceTests {
    private static let text = """
        groups:
          - name: g
            rules:
              - alert: Down
                expr: up == 0
                for: 10s
                annotations: {summary: "{{ $labels.instance }} is down"}
              - record: instance:up:copy
                expr: up
        """

    private let start = SimulatedCluster.origin
    private let logger = Logger(label: "test")

    private func runner(
        _ source: MemorySeriesSource, _ sink: RecordingSink, _ text: String = text
    ) throws -> RuleGroupRunner {
        RuleGroupRunner(
            group: try #require(try RuleFile(text, name: "f.yaml").groups.first), engine: PromQLEngine(source: source),
            series: source, alerts: sink, settings: RuleSettings(), logger: logger)
    }

    private func service(
        _ pool: PostgresPool, _ source: MemorySeriesSource, _ sink: RecordingSink, clock: WallClock = .system,
        text: String = text, interval: Duration = .milliseconds(100)
    ) throws -> RuleService {
        RuleService(
            groups: try RuleFile(text, name: "f.yaml").groups, engine: PromQLEngine(source: source), series: source,
            alerts: sink, pool: pool,
            settings: RuleSettings(interval: interval, startupGrace: .zero, leastGap: .milliseconds(1)), clock: clock,
            logger: logger)
    }

    private func takeOver(_ pool: PostgresPool) async throws -> Int64 {
        try await pool.withConnection { try await AlertStore.takeOver(at: start, in: $0) }
    }

    private func saved(_ pool: PostgresPool) async throws -> [String: [TrackedAlert]] {
        try await pool.withConnection { try await AlertStore.load(in: $0) }
    }

    private func up(_ source: MemorySeriesSource, _ value: Double, _ second: Int) {
        source.add(["__name__": "up", "instance": "m1"], [Sample(start + .seconds(second), value)])
    }

    /// Runs `body` while `service` runs.
    private func whileRunning(_ services: RuleService..., body: () async throws -> Void) async throws {
        let group = ServiceGroup(
            configuration: .init(services: services.map { .init(service: $0) }, logger: logger))
        async let running: Void = group.run()
        do {
            try await body()
            await group.triggerGracefulShutdown()
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        try await running
    }

    // MARK: State over restarts

    @Test func aPendingAlertKeepsItsAgeOverARestart() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let (source, sink) = (MemorySeriesSource(), RecordingSink())
            up(source, 0, 0)
            let token = try await takeOver(pool)
            _ = try await runner(source, sink).evaluate(at: start, token: token, pool: pool)
            let second = try runner(source, sink)
            await second.restore(try await saved(pool))
            let changed = try await second.evaluate(
                at: start + .seconds(10), token: try await takeOver(pool), pool: pool)
            #expect(changed.map(\.short) == ["Down m1 firing"])
            #expect(changed.first?.activeAt == start)
        }
    }

    @Test func aFiringAlertIsNotAnnouncedAgainAfterARestart() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let (source, sink) = (MemorySeriesSource(), RecordingSink())
            up(source, 0, 0)
            let first = try runner(source, sink)
            let token = try await takeOver(pool)
            for second in [0, 10] {
                _ = try await first.evaluate(at: start + .seconds(second), token: token, pool: pool)
            }
            let second = try runner(source, sink)
            await second.restore(try await saved(pool))
            #expect(second.status.rules.flatMap(\.alerts).map(\.state) == [.firing])
            let next = try await takeOver(pool)
            _ = try await second.evaluate(at: start + .seconds(15), token: next, pool: pool)
            #expect(sink.announced.map(\.short) == ["Down m1 firing"])
            up(source, 1, 20)
            _ = try await second.evaluate(at: start + .seconds(20), token: next, pool: pool)
            #expect(sink.announced.map(\.short) == ["Down m1 firing", "Down m1 resolved"])
        }
    }

    @Test func whatCouldNotBeSavedIsDoneAgainAndAnnouncedOnce() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let (source, sink) = (MemorySeriesSource(), RecordingSink())
            up(source, 0, 0)
            let runner = try runner(source, sink)
            let token = try await takeOver(pool)
            _ = try await runner.evaluate(at: start, token: token, pool: pool)
            sink.fail(1)
            await #expect(throws: RecordingSink.Failure.self) {
                _ = try await runner.evaluate(at: start + .seconds(10), token: token, pool: pool)
            }
            #expect(try await saved(pool).values.flatMap { $0 }.map(\.alert.state) == [.pending])
            #expect(runner.status.lastFailure != nil)
            _ = try await runner.evaluate(at: start + .seconds(15), token: token, pool: pool)
            #expect(sink.announced.map(\.short) == ["Down m1 firing"])
            #expect(runner.status.lastFailure == nil && sink.commits == 1)
        }
    }

    @Test func whoeverLostTheDutySavesNothing() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let (source, sink) = (MemorySeriesSource(), RecordingSink())
            up(source, 0, 0)
            let old = try await takeOver(pool)
            let new = try await takeOver(pool)
            #expect(new > old)
            do {
                _ = try await runner(source, sink).evaluate(at: start, token: old, pool: pool)
                Issue.record("saved without the duty")
            } catch let error as RulesError {
                #expect(error.code == .notTheRunner)
            }
            #expect(try await saved(pool).isEmpty)
        }
    }

    @Test func aRuleThatWasTakenOutResolvesItsAlerts() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let (source, sink) = (MemorySeriesSource(), RecordingSink())
            up(source, 0, 0)
            let first = try runner(source, sink)
            let token = try await takeOver(pool)
            for second in [0, 10] {
                _ = try await first.evaluate(at: start + .seconds(second), token: token, pool: pool)
            }
            let other = "groups:\n  - name: g\n    rules:\n      - {alert: Other, expr: 'up > 5'}\n"
            let service = try service(pool, source, sink, text: other)
            try await whileRunning(service) {
                await sink.waitForAnnouncements(2)
                // It is announced inside the transaction that forgets it: the commit comes a little later.
                while try await !saved(pool).isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            }
            #expect(sink.announced.map(\.short) == ["Down m1 firing", "Down m1 resolved"])
        }
    }

    // MARK: Series

    @Test func alertsAndRecordingsAreWrittenAsSeries() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let (source, sink) = (MemorySeriesSource(), RecordingSink())
            up(source, 0, 0)
            let runner = try runner(source, sink)
            let token = try await takeOver(pool)
            let engine = PromQLEngine(source: source)
            func ask(_ query: String, _ second: Int) async throws -> [String] {
                let result = try await engine.instant(query, at: start + .seconds(second))
                return (result.value.vector ?? []).map { "\($0.labels) \($0.sample.value)" }
            }
            _ = try await runner.evaluate(at: start, token: token, pool: pool)
            #expect(try await ask("ALERTS", 1) == [#"ALERTS{alertname="Down",alertstate="pending",instance="m1"} 1.0"#])
            #expect(
                try await ask("ALERTS_FOR_STATE", 1) == [
                    #"ALERTS_FOR_STATE{alertname="Down",instance="m1"} 1790000000.0"#
                ])
            #expect(try await ask("instance:up:copy", 1) == [#"instance:up:copy{instance="m1"} 0.0"#])
            _ = try await runner.evaluate(at: start + .seconds(10), token: token, pool: pool)
            #expect(try await ask("ALERTS", 11) == [#"ALERTS{alertname="Down",alertstate="firing",instance="m1"} 1.0"#])
            up(source, 1, 12)
            _ = try await runner.evaluate(at: start + .seconds(15), token: token, pool: pool)
            #expect(try await ask("ALERTS", 16).isEmpty)
        }
    }

    @Test func aLaterRuleSeesWhatAnEarlierOneRecordedInTheSameEvaluation() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let (source, sink) = (MemorySeriesSource(), RecordingSink())
            let text = """
                groups:
                  - name: g
                    rules:
                      - {record: 'a:b', expr: 'up == 0'}
                      - {alert: FromRecord, expr: 'a:b == 0'}
                """
            up(source, 0, 0)
            let runner = try runner(source, sink, text)
            let token = try await takeOver(pool)
            _ = try await runner.evaluate(at: start, token: token, pool: pool)
            #expect(sink.announced.map(\.short) == ["FromRecord m1 firing"])
            up(source, 1, 5)
            _ = try await runner.evaluate(at: start + .seconds(5), token: token, pool: pool)
            #expect(sink.announced.map(\.short) == ["FromRecord m1 firing", "FromRecord m1 resolved"])
        }
    }

    // MARK: Errors

    @Test func errorsOfOneRuleAreShownAndDoNotStopTheOthers() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let (source, sink) = (MemorySeriesSource(), RecordingSink())
            let text = """
                groups:
                  - name: g
                    limit: 1
                    rules:
                      - {alert: Twice, expr: 'up', labels: {instance: same}}
                      - {alert: TooMany, expr: 'up'}
                      - {alert: Text, expr: '"text"'}
                      - {alert: Bad, expr: 'up{instance="m1"} == 0', annotations: {summary: '{{ humanize $labels.instance }}'}}
                """
            up(source, 0, 0)
            source.add(["__name__": "up", "instance": "m2"], [Sample(start, 0)])
            let sampleText = text.split(separator: "\n").filter { !$0.contains("Text") && !$0.contains("Bad") }
                .joined(separator: "\n")
            let runner = try runner(
                source, sink, sampleText + "\n      - {alert: Good, expr: 'up{instance=\"m1\"} == 0'}")
            let token = try await takeOver(pool)
            _ = try await runner.evaluate(at: start, token: token, pool: pool)
            #expect(runner.status.rules.map(\.health) == [.err, .err, .ok])
            #expect(runner.status.rules[1].lastError?.contains("limit is 1") == true)
            #expect(sink.announced.map(\.short) == ["Good m1 firing"])
        }
    }

    @Test func aHostThatSendsNULInALabelDoesNotStopTheSaving() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let (source, sink) = (MemorySeriesSource(), RecordingSink())
            source.add(["__name__": "up", "instance": "m\0x"], [Sample(start, 0)])
            let runner = try runner(source, sink)
            let token = try await takeOver(pool)
            _ = try await runner.evaluate(at: start, token: token, pool: pool)
            #expect(try await saved(pool).values.flatMap { $0 }.map { $0.alert.labels["instance"] } == ["m\u{fffd}x"])
        }
    }

    // MARK: The service

    @Test func anEvaluationThatIsAskedForComesAtOnce() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let (source, sink) = (MemorySeriesSource(), RecordingSink())
            let text = "groups:\n  - name: g\n    rules:\n      - {alert: Down, expr: 'up == 0'}\n"
            // An hour between two evaluations: what comes, comes because it was asked for.
            let service = try service(pool, source, sink, text: text, interval: .seconds(3600))
            try await whileRunning(service) {
                while service.status().first?.evaluations != 1 { try await Task.sleep(for: .milliseconds(5)) }
                let now = WallClock.system.now
                source.add(["__name__": "up", "instance": "m1"], [Sample(now, 0)])
                service.evaluateNow(reason: "test")
                await sink.waitForAnnouncements(1)
                // Announced inside the transaction, shown once it is committed.
                while service.activeAlerts().isEmpty { try await Task.sleep(for: .milliseconds(5)) }
                #expect(service.activeAlerts().map(\.short) == ["Down m1 firing"])
            }
        }
    }

    @Test func whatLooksAtWindowsIsEvaluatedMoreRarely() throws {
        func interval(_ rules: String, _ own: String = "") throws -> Duration? {
            let text = "groups:\n  - name: g\n    \(own)\n    rules: [\(rules)]\n"
            return try RuleFile(text, name: "f.yaml").groups.first.map(RuleSettings().interval)
        }
        #expect(try interval("{alert: A, expr: up == 0}") == .seconds(5))
        #expect(try interval("{alert: A, expr: up == 0}, {alert: B, expr: 'rate(x[5m]) > 1'}") == .seconds(30))
        #expect(try interval("{alert: B, expr: 'rate(x[5m]) > 1'}", "interval: 10s") == .seconds(10))
    }

    @Test func aSampleAheadOfOurClockIsSeen() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let (source, sink) = (MemorySeriesSource(), RecordingSink())
            let text = "groups:\n  - name: g\n    rules:\n      - {alert: Down, expr: 'up == 0'}\n"
            let service = try service(pool, source, sink, text: text, interval: .seconds(3600))
            try await whileRunning(service) {
                while service.status().first?.evaluations != 1 { try await Task.sleep(for: .milliseconds(5)) }
                let ahead = WallClock.system.now + .seconds(30)
                source.add(["__name__": "up", "instance": "m1"], [Sample(ahead, 0)])
                service.evaluateNow(reason: "test", notBefore: ahead)
                await sink.waitForAnnouncements(1)
            }
        }
    }

    @Test func oneOfTwoAggregatorsEvaluatesAndTheOtherTakesOver() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let (source, sink) = (MemorySeriesSource(), RecordingSink())
            source.add(["__name__": "up", "instance": "m1"], [Sample(WallClock.system.now, 0)])
            let text = "groups:\n  - name: g\n    rules:\n      - {alert: Down, expr: 'up == 0'}\n"
            let first = try service(pool, source, sink, text: text)
            let second = try service(pool, source, sink, text: text)
            try await whileRunning(first) {
                await sink.waitForAnnouncements(1)
                try await whileRunning(second) {
                    // The one that stands by shows what the other has saved.
                    while second.activeAlerts().isEmpty { try await Task.sleep(for: .milliseconds(10)) }
                    #expect(first.isRunner && !second.isRunner)
                }
            }
            try await whileRunning(second) {
                while !second.isRunner { try await Task.sleep(for: .milliseconds(10)) }
                while second.status().first?.evaluations ?? 0 < 2 { try await Task.sleep(for: .milliseconds(10)) }
            }
            #expect(sink.announced.map(\.short) == ["Down m1 firing"])
        }
    }
}
