import ConfigurationFile
import Logging
import Model
import Postgres
import PromQL
import ServiceLifecycle
import TestSupport
import Testing

@testable import Rules

/// Rules that change while they are evaluated: files read again, and what they are on single clusters.
@Suite(.enabled(if: PostgresFixture.unavailable == nil), .timeLimit(.minutes(2))) struct RuleChangesTests {
    private static let text = """
        groups:
          - name: stays
            rules:
              - {alert: Stays, expr: 'up == 0'}
          - name: g
            rules:
              - alert: High
                expr: |
                  load
                  > 10 # parameter limit count: load that is borne
        """
    private static let changed = """
        groups:
          - name: stays
            rules:
              - {alert: Stays, expr: 'up == 0'}
          - name: g
            rules:
              - {alert: Higher, expr: 'load > 20'}
        """

    private let logger = Logger(label: "test")
    private let source = MemorySeriesSource()
    private let sink = RecordingSink()
    private let files = ChangingText(text)

    private func service(_ pool: PostgresPool) throws -> RuleService {
        RuleService(
            groups: try RuleFile(Self.text, name: "f.yaml").groups,
            reading: { () throws(ConfigurationErrors) in
                try RuleFile(files.text, name: "f.yaml").groups
            }, engine: PromQLEngine(source: source), series: source, alerts: sink, pool: pool,
            settings: RuleSettings(interval: .milliseconds(50), startupGrace: .zero, leastGap: .milliseconds(1)),
            logger: logger)
    }

    private func load(_ value: Double, on cluster: String) {
        source.add(
            ["__name__": "load", "cluster": cluster, "instance": cluster], [Sample(WallClock.system.now, value)])
    }

    private func whileRunning(_ service: RuleService, body: () async throws -> Void) async throws {
        let group = ServiceGroup(configuration: .init(services: [.init(service: service)], logger: logger))
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

    // MARK: Files

    @Test func filesThatAreReadAgainCountAtOnceAndWhatIsGoneIsResolved() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let service = try service(pool)
            load(30, on: "prod")
            source.add(["__name__": "up", "instance": "m1"], [Sample(WallClock.system.now, 0)])
            try await whileRunning(service) {
                await sink.waitForAnnouncements(2)
                let evaluations = service.status()[0].evaluations
                files.text = Self.changed
                let counts = try service.reload()
                #expect(counts.groups == 2 && counts.rules == 2)
                await sink.waitForAnnouncements(4)
                #expect(Set(sink.announced.dropFirst(2).map(\.short)) == ["High prod resolved", "Higher prod firing"])
                // The group that stayed goes on, and its alert is not told again.
                #expect(service.status()[0].evaluations >= evaluations)
                while service.status()[0].evaluations < evaluations + 3 { try await Task.sleep(for: .milliseconds(5)) }
                #expect(sink.announced.filter { $0.labels["alertname"] == "Stays" }.count == 1)
            }
        }
    }

    @Test func aBrokenFileKeepsTheOldRulesAndSaysWhereItIsBroken() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let service = try service(pool)
            files.text = "groups:\n  - name: g\n    rules:\n      - {alert: A, expr: 'up =='}\n      - {expr: up}\n"
            do throws(ConfigurationErrors) {
                try service.reload()
                Issue.record("a broken file was taken")
            } catch {
                #expect(error.errors.map(\.line) == [4, 5])
            }
            #expect(service.problems.map(\.line) == [4, 5])
            #expect(try service.rule("High").rule.id == "f.yaml/g/High/0")
            files.text = Self.changed
            try service.reload()
            #expect(service.problems.isEmpty)
            #expect(throws: RulesError.self) { try service.rule("High") }
        }
    }

    // MARK: Single clusters

    private func override(
        _ cluster: String, enabled: Bool = true, limit: Double? = nil, rule: String = "High"
    ) -> RuleOverride {
        RuleOverride(
            rule: rule, cluster: cluster, isEnabled: enabled, parameters: limit.map { ["limit": $0] } ?? [:],
            reason: "known", changedBy: "ann", changedAt: Timestamp(milliseconds: 1_790_000_000_000))
    }

    @Test func aRuleMayBeOffOrHaveOtherNumbersOnACluster() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            for name in ["prod", "test", "dev"] { _ = try await EnrolledAgent(node: name, cluster: name, in: pool) }
            let service = try service(pool)
            for (cluster, value) in [("prod", 30.0), ("test", 30), ("dev", 5)] { load(value, on: cluster) }
            try await whileRunning(service) {
                await sink.waitForAnnouncements(2)
                #expect(Set(sink.announced.map(\.short)) == ["High prod firing", "High test firing"])
                try await service.set(override("prod", enabled: false))
                await sink.waitForAnnouncements(3)
                #expect(sink.announced.last?.short == "High prod resolved")
                try await service.set(override("test", limit: 40))
                await sink.waitForAnnouncements(4)
                #expect(sink.announced.last?.short == "High test resolved")
                try await service.set(override("dev", limit: 1))
                await sink.waitForAnnouncements(5)
                #expect(sink.announced.last?.short == "High dev firing")
                try await service.removeOverride(rule: "High", cluster: "prod")
                await sink.waitForAnnouncements(6)
                #expect(sink.announced.last?.short == "High prod firing")
            }
            // Another aggregator, or this one after a restart, finds them with who and when.
            let next = try self.service(pool)
            try await next.readOverrides()
            var expected = [override("dev", limit: 1), override("test", limit: 40)]
            for at in expected.indices { expected[at].rule = "f.yaml/g/High/0" }
            #expect(next.overrides == expected)
        }
    }

    @Test func anOverrideThatCannotWorkIsRefused() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            _ = try await EnrolledAgent(node: "prod", cluster: "prod", in: pool)
            let service = try service(pool)
            func code(_ override: RuleOverride) async throws -> RulesError.Code? {
                do {
                    try await service.set(override)
                    return nil
                } catch let error as RulesError {
                    return error.code
                }
            }
            #expect(try await code(override("prod", limit: .nan)) == .parameter)
            #expect(try await code(override("prod")) == .parameter)
            #expect(try await code(override("prod", enabled: false, rule: "Nix")) == .notFound)
            #expect(try await code(override("nowhere", enabled: false)) == .notFound)
            var other = override("prod", limit: 1)
            other.parameters = ["limt": 1]
            #expect(try await code(other) == .parameter)
            #expect(service.overrides.isEmpty)
            await #expect(throws: RulesError.self) { try await service.removeOverride(rule: "High", cluster: "prod") }
        }
    }
}
