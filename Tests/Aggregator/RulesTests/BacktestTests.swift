import Model
import PromQL
import SeriesQuery
import TestSupport
import Testing

@testable import Rules

@Suite struct BacktestTests {
    private let start = SimulatedCluster.origin

    /// `up` of `instance`, every 5 s: down in the given seconds.
    private func history(
        _ source: MemorySeriesSource, _ instance: String = "m1", cluster: String = "prod", seconds: Int,
        down: [Range<Int>]
    ) {
        let labels: Labels = ["__name__": "up", "cluster": cluster, "instance": instance]
        source.add(
            labels,
            stride(from: 0, through: seconds, by: 5).map { second in
                Sample(start + .seconds(second), down.contains { $0.contains(second) } ? 0 : 1)
            })
    }

    private func question(
        _ text: String, alert: String = "Down", seconds: Int, recomputed: Bool = false
    ) throws -> Backtest.Question {
        let groups = try RuleFile(text, name: "f.yaml").groups
        let (rule, group) = try RuleGroup.find(alert, in: groups)
        var question = Backtest.Question(rule: rule, group: group, start: start, end: start + .seconds(seconds))
        if recomputed { question.recordings = groups }
        return question
    }

    private static let down = """
        groups:
          - name: g
            interval: 5s
            rules:
              - alert: Down
                expr: up == 0
                for: 10s
                labels: {severity: warning}
                annotations: {summary: "{{ $labels.instance }} is down: {{ $value }}"}
        """

    @Test func tellsWhenARuleWouldHaveFiredAndForHowLong() async throws {
        let source = MemorySeriesSource()
        history(source, seconds: 600, down: [100..<160, 300..<305, 550..<700])
        let report = try await Backtest(source: source).run(try question(Self.down, seconds: 600))
        #expect(report.firings.map { ($0.firedAt - start).components.seconds } == [110, 560])
        #expect(report.firings.map { $0.resolvedAt.map { ($0 - start).components.seconds } } == [160, nil])
        #expect(report.firings.first?.annotations["summary"] == "m1 is down: 0")
        #expect(
            report.firings.first?.labels == [
                "alertname": "Down", "cluster": "prod", "instance": "m1", "severity": "warning",
            ])
        #expect(report.count == 2 && report.pendingOnly == 1)
        #expect(report.firingTime == .seconds(50 + 40))
        #expect(report.evaluations == 121)
    }

    @Test func anAlertGoesOnOverWhatIsEvaluatedAtOnce() async throws {
        let source = MemorySeriesSource()
        // More than 10,000 evaluations, and down over the seam of two stretches.
        history(source, seconds: 60_000, down: [49_000..<51_000])
        let report = try await Backtest(source: source).run(try question(Self.down, seconds: 60_000))
        #expect(report.firings.map { ($0.firedAt - start).components.seconds } == [49_010])
        #expect(report.firings.map { $0.resolvedAt.map { ($0 - start).components.seconds } } == [51_000])
    }

    @Test func looksAtOneCluster() async throws {
        let source = MemorySeriesSource()
        history(source, cluster: "prod", seconds: 300, down: [100..<160])
        history(source, cluster: "test", seconds: 300, down: [200..<260])
        var question = try question(Self.down, seconds: 300)
        #expect(try await Backtest(source: source).run(question).count == 2)
        question.cluster = "test"
        let report = try await Backtest(source: source).run(question)
        #expect(report.firings.map { $0.labels["cluster"] } == ["test"])
    }

    @Test func recordingsOfTheFileAreComputedAnew() async throws {
        let text = """
            groups:
              - name: g
                interval: 5s
                rules:
                  - {record: 'down:count', expr: 'count by (cluster) (up == 0)'}
                  - {alert: Down, expr: 'max_over_time(down:count[30s]) > 1'}
            """
        let source = MemorySeriesSource()
        history(source, "m1", seconds: 600, down: [100..<200])
        history(source, "m2", seconds: 600, down: [150..<250])
        // What is stored under that name says something else.
        source.add(["__name__": "down:count", "cluster": "prod"], [Sample(start + .seconds(400), 9)])
        let report = try await Backtest(source: source).run(try question(text, seconds: 600, recomputed: true))
        #expect(report.firings.map { ($0.firedAt - start).components.seconds } == [150])
        // Both are down until 195; the window of 30 s is open to the left.
        #expect(report.firings.map { $0.resolvedAt.map { ($0 - start).components.seconds } } == [225])
        let stored = try await Backtest(source: source).run(try question(text, seconds: 600))
        #expect(stored.firings.map { ($0.firedAt - start).components.seconds } == [400])
    }

    @Test func triesAnotherThreshold() async throws {
        let text = """
            groups:
              - name: g
                interval: 5s
                rules:
                  - alert: High
                    expr: |
                      load
                      > 10 # parameter limit count: load that is borne
            """
        let source = MemorySeriesSource()
        source.add(
            ["__name__": "load"], (0..<60).map { Sample(start + .seconds($0 * 5), $0 < 20 ? 1 : $0 < 40 ? 8 : 12) })
        var question = try question(text, alert: "High", seconds: 295)
        #expect(try await Backtest(source: source).run(question).firings.map(\.value) == [12])
        question.parameters = ["limit": 5]
        #expect(try await Backtest(source: source).run(question).firings.map(\.value) == [8])
        question.parameters = ["limt": 5]
        await #expect(throws: RulesError.self) { _ = try await Backtest(source: source).run(question) }
    }

    @Test func failsWhereTheLiveRuleWouldHaveFailed() async throws {
        let source = MemorySeriesSource()
        history(source, "m1", seconds: 60, down: [10..<60])
        history(source, "m2", seconds: 60, down: [10..<60])
        func code(_ rule: String, limit: Int = 0) async throws -> RulesError.Code? {
            let text = "groups:\n  - name: g\n    limit: \(limit)\n    rules: [\(rule)]\n"
            do {
                _ = try await Backtest(source: source).run(try question(text, seconds: 60))
                return nil
            } catch let error as RulesError {
                return error.code
            }
        }
        #expect(try await code("{alert: Down, expr: up == 0, labels: {instance: same}}") == .duplicateLabels)
        #expect(try await code("{alert: Down, expr: up == 0}", limit: 1) == .limit)
        #expect(try await code("{record: Down, expr: up == 0}") == .backtest)
        #expect(try await code("{alert: Down, expr: up == 0}") == nil)
    }

    @Test func longTimesAreEvaluatedMoreRarelyUnlessToldOtherwise() async throws {
        let source = MemorySeriesSource()
        var question = try question(Self.down, seconds: 30 * 86_400)
        #expect(try await Backtest(source: source).run(question).step == .seconds(15))
        question.step = .seconds(60)
        #expect(try await Backtest(source: source).run(question).evaluations == 43_201)
        question.step = .seconds(1)
        await #expect(throws: RulesError.self) { _ = try await Backtest(source: source).run(question) }
    }

    /// Series by series and a step after the other: both ways give the same lives.
    @Test(arguments: 0..<40) func livesAreThoseOfTheLiveStates(_ seed: Int) throws {
        var random = Seeded(state: UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 1)
        let hold = Duration.seconds(Int64([0, 5, 10, 12].randomElement(using: &random) ?? 0))
        let keep = Duration.seconds(Int64([0, 5, 7, 20].randomElement(using: &random) ?? 0))
        let text = """
            groups:
              - name: g
                rules:
                  - {alert: A, expr: 'x', for: \(hold.components.seconds)s, keep_firing_for: \(keep.components.seconds)s}
            """
        let rule = try #require(try RuleFile(text, name: "f.yaml").groups.first?.rules.first)
        var isTrue = false
        let truth = (0..<200).map { _ -> Bool in
            if Int.random(in: 0..<4, using: &random) == 0 { isTrue.toggle() }
            return isTrue
        }
        var states = AlertStates()
        var expected: [String] = []
        for (at, isTrue) in truth.enumerated() {
            let labels: Labels = ["alertname": "A"]
            let observed = isTrue ? [labels: AlertObservation(value: 1, annotations: Labels())] : [:]
            let now = start + .seconds(at * 5)
            for change in states.apply(observed, hold: hold, keepFiringFor: keep, at: now) {
                guard let alert = change.announcement else { continue }
                expected.append(
                    "\(alert.state) \((now - start).components.seconds) since \((alert.activeAt - start).components.seconds)"
                )
            }
        }
        var lives = AlertLives(rule: rule, settings: RuleSettings(), step: .seconds(5))
        for part in [0..<70, 70..<71, 71..<200] {
            let instants = part.filter { truth[$0] }.map { (start + .seconds($0 * 5)).milliseconds }
            try lives.add(
                [SampledSeries(labels: ["__name__": "x"], timestamps: instants, values: instants.map { _ in 1 })],
                offset: .zero)
        }
        lives.finish(at: start + .seconds(199 * 5))
        let told = lives.firings.flatMap { firing -> [(Timestamp, String)] in
            let since = (firing.activeAt - start).components.seconds
            var told = [(firing.firedAt, "firing \((firing.firedAt - start).components.seconds) since \(since)")]
            if let end = firing.resolvedAt {
                told.append((end, "resolved \((end - start).components.seconds) since \(since)"))
            }
            return told
        }
        #expect(told.sorted { $0.0 < $1.0 }.map(\.1) == expected)
    }
}

/// splitmix64.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
