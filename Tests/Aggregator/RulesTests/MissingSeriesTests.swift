import Logging
import Model
import Postgres
import PromQL
import SeriesQuery
import TestSupport
import Testing

@testable import Rules

/// That nothing is measured is neither true nor false.
@Suite(.enabled(if: PostgresFixture.unavailable == nil), .timeLimit(.minutes(2))) struct MissingSeriesTests {
    private static let text = """
        groups:
          - name: g
            rules:
              - {alert: Slow, expr: 'avg_over_time(latency[30s]) > 10', for: 10s}
              - {alert: Silent, expr: 'up == 0', for: 10s}
              - {alert: Recorded, expr: 'silent == 0', for: 10s}
              - {record: silent, expr: 'up'}
        """
    private let start = SimulatedCluster.origin
    private let source = MemorySeriesSource()
    private let sink = RecordingSink()

    private func add(_ metric: String, _ value: Double, _ second: Int) {
        source.add(
            ["__name__": metric, "cluster": "prod", "instance": "m1"], [Sample(start + .seconds(second), value)])
    }

    /// Scrapes every 5 s; without `latency` the target is not heard.
    private func scrape(_ seconds: StrideTo<Int>, latency: Double?) {
        for second in seconds {
            add("up", latency == nil ? 0 : 1, second)
            add("latency", latency ?? .stale, second)
        }
    }

    private func runner(_ pool: PostgresPool) async throws -> RuleGroupRunner {
        let group = try #require(try RuleFile(Self.text, name: "f.yaml").groups.first)
        let runner = RuleGroupRunner(
            group: group, engine: PromQLEngine(source: source), series: source, alerts: sink, settings: RuleSettings(),
            logger: Logger(label: "test"))
        await runner.restore(try await pool.withConnection { try await AlertStore.load(in: $0) }, RuleInputs([group]))
        return runner
    }

    @Test func aFiringAlertWhoseSeriesAreMissingIsNotResolved() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let token = try await pool.withConnection { try await AlertStore.takeOver(at: start, in: $0) }
            func evaluate(_ runner: RuleGroupRunner, _ seconds: StrideTo<Int>) async throws {
                for second in seconds {
                    _ = try await runner.evaluate(at: start + .seconds(second), token: token, pool: pool)
                }
            }
            func slow(_ runner: RuleGroupRunner) -> Alert? {
                runner.status.rules[0].alerts.first { $0.labels["alertname"] == "Slow" }
            }
            scrape(stride(from: 0, to: 60, by: 5), latency: 50)
            scrape(stride(from: 60, to: 200, by: 5), latency: nil)
            let first = try await runner(pool)
            try await evaluate(first, stride(from: 0, to: 200, by: 5))
            #expect(slow(first)?.state == .firing)
            // Its window is empty 30 s after the last sample.
            #expect(slow(first)?.missingSince == start + .seconds(85))
            // Rules that judge who is heard are not kept from judging.
            #expect(sink.announced.map(\.short) == ["Slow m1 firing", "Silent m1 firing", "Recorded m1 firing"])

            // Over a restart too.
            let second = try await runner(pool)
            #expect(slow(second)?.missingSince == start + .seconds(85))
            scrape(stride(from: 200, to: 300, by: 5), latency: 1)
            try await evaluate(second, stride(from: 200, to: 225, by: 5))
            #expect(slow(second)?.state == .firing)
            try await evaluate(second, stride(from: 225, to: 300, by: 5))
            #expect(slow(second)?.state == .resolved && slow(second)?.missingSince == nil)
            // Once the window is whole again.
            #expect(slow(second)?.resolvedAt == start + .seconds(225))
        }
    }

    @Test func aTargetThatIsGoneForGoodIsNotMissing() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let token = try await pool.withConnection { try await AlertStore.takeOver(at: start, in: $0) }
            scrape(stride(from: 0, to: 60, by: 5), latency: 50)
            // Its agent was revoked: all its series end, `up` among them.
            for metric in ["up", "latency"] { add(metric, .stale, 60) }
            let runner = try await runner(pool)
            for second in stride(from: 0, to: 120, by: 5) {
                _ = try await runner.evaluate(at: start + .seconds(second), token: token, pool: pool)
            }
            #expect(runner.status.rules[0].alerts.map(\.state) == [.resolved])
        }
    }

    @Test func aRuleSaysNothingOfClustersWhereNothingIsMeasuredThatItCouldJudge() async throws {
        let groups = try RuleFile(
            """
            groups:
              - name: g
                rules:
                  - {alert: A, expr: 'a > 1'}
                  - {alert: B, expr: 'rate(a[5m]) > 1 unless b'}
                  - {alert: C, expr: 'a > 1 and b > 1'}
                  - {alert: D, expr: 'sum by (cluster) (a) > 1 or b'}
                  - {alert: E, expr: 'absent(a)'}
                  - {record: 'r', expr: 'b or r'}
                  - {alert: F, expr: 'r > 1'}
            """, name: "f.yaml"
        ).groups
        for (metric, cluster) in [("a", "one"), ("a", "two"), ("b", "two"), ("b", "three")] {
            source.add(["__name__": metric, "cluster": cluster], [Sample(start, 1)])
        }
        // Measured once, but not now.
        source.add(["__name__": "a", "cluster": "old"], [Sample(start - .seconds(600), 1)])
        source.add(["__name__": "a", "cluster": "gone"], [Sample(start - .seconds(10), 1), Sample(start, .stale)])
        var coverage = RuleCoverage(source: source, inputs: RuleInputs(groups), now: start)
        var found: [String: ClusterSet] = [:]
        for rule in groups.flatMap(\.rules) {
            found[rule.name] = try await coverage.clusters(of: rule.query.expression)
        }
        #expect(
            found == [
                "A": .some(["one", "two"]), "B": .some(["one", "two"]), "C": .some(["two"]),
                "D": .some(["one", "two", "three"]), "E": .all, "r": .some(["two", "three"]),
                "F": .some(["two", "three"]),
            ])
    }
}
