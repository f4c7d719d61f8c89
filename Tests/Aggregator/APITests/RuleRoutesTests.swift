import Access
import Fleet
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Model
import Postgres
import SeriesStore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct RuleRoutesTests {
    private static let rules = """
        groups:
          - name: g
            interval: 5s
            limit: 7
            rules:
              - alert: Lagging
                expr: |
                  lag
                  > 10 # parameter limit count: how far a member may lag
                for: 10s
                keep_firing_for: 5s
                labels: {severity: warning, group: test}
                annotations: {summary: "{{ $labels.instance }} lags"}
              - record: lag:max
                expr: max by (cluster) (lag)
                labels: {by: us}
        """

    /// `lag` of a member of `cluster`, every 5 s for ten minutes up to now: too much in the third minute.
    private static func history(_ world: APIWorld, cluster: String = "prod") async throws {
        let start = world.clock.now - .seconds(600)
        for second in stride(from: 0, through: 600, by: 5) {
            try await world.store.append(
                [(["__name__": "lag", "cluster": cluster, "instance": "m1"], (120..<180).contains(second) ? 50 : 1)],
                source: "test/\(cluster)", at: start + .seconds(second))
        }
    }

    private static func question(_ world: APIWorld, _ members: [(String, JSONValue)]) -> JSONValue {
        .object(members + [("start", .number("\((world.clock.now - .seconds(600)).milliseconds)"))])
    }

    @Test func listsRulesWithAllThatAScreenShows() async throws {
        try await APIWorld.with(rules: Self.rules) { world, client in
            let group = try #require(
                try await client.json("/api/v1/rules", headers: try await world.signedIn(as: .viewer, client))[
                    "groups"]?[0])
            #expect(group["name"]?.string == "g" && group["intervalSeconds"]?.double == 5)
            let rule = try #require(group["rules"]?[0])
            #expect(rule["id"]?.string == "test.yaml/g/Lagging/0" && rule["kind"]?.string == "alert")
            #expect(rule["forSeconds"]?.double == 10 && rule["keepFiringForSeconds"]?.double == 5)
            #expect(rule["severity"]?.string == "warning" && rule["group"]?.string == "test")
            #expect(rule["summary"]?.string == "{{ $labels.instance }} lags")
            #expect(rule["parameters"]?[0]?["name"]?.string == "limit")
            #expect(rule["parameters"]?[0]?["value"]?.double == 10)
            #expect(rule["health"]?.string == "unknown" && rule["lastEvaluation"]?.isNull == true)
            #expect(group["rules"]?[1]?["kind"]?.string == "record")
        }
    }

    @Test func prometheusRulesHaveWhatPrometheusTells() async throws {
        try await APIWorld.with(rules: Self.rules) { world, client in
            let answer = try await client.json(
                "/prometheus/api/v1/rules", headers: try await world.signedIn(as: .viewer, client))
            let group = try #require(answer["data"]?["groups"]?[0])
            #expect(group["limit"]?.int == 7)
            let alert = try #require(group["rules"]?[0])
            #expect(alert["labels"] == ["group": "test", "severity": "warning"])
            #expect(alert["annotations"] == ["summary": "{{ $labels.instance }} lags"])
            #expect(alert["keepFiringFor"]?.double == 5 && alert["duration"]?.double == 10)
            #expect(alert["health"]?.string == "unknown" && alert["state"]?.string == "inactive")
            #expect(alert["lastEvaluation"]?.string == "0001-01-01T00:00:00.000Z")
            #expect(alert["type"]?.string == "alerting" && alert["alerts"] == [])
            let recording = try #require(group["rules"]?[1])
            #expect(recording["labels"] == ["by": "us"] && recording["type"]?.string == "recording")
            #expect(recording["annotations"] == nil && recording["state"] == nil)
        }
    }

    @Test func tellsWhenARuleWouldHaveFiredAndWhatHappenedThen() async throws {
        try await APIWorld.with(rules: Self.rules) { world, client in
            try await Self.history(world)
            let headers = try await world.signedIn(as: .viewer, client)
            _ = try await EnrolledAgent(node: "n1", cluster: "prod", in: world.pool)
            let start = world.clock.now - .seconds(600)
            for (second, occurrence) in [(90, "near"), (400, "far")] {
                try await world.pool.execute(
                    """
                    insert into event (at, cluster_id, kind, severity, sentence, occurrence)
                    select \(start + .seconds(second)), id, 'leader-changed', 'warning', \(occurrence), \(occurrence)
                    from cluster where name = 'prod'
                    """)
            }
            let response = try await client.post(
                "/api/v1/rules/backtest",
                json: Self.question(world, [("rule", "Lagging"), ("cluster", "prod")]), headers: headers)
            let answer = try JSONValue(parsing: Array(response.body.readableBytesView))
            #expect(response.status == .ok, "\(answer)")
            #expect(answer["count"]?.int == 1 && answer["stepSeconds"]?.double == 5)
            let firing = try #require(answer["firings"]?[0])
            #expect(firing["firedAt"]?.int64 == (start + .seconds(130)).milliseconds)
            // True until 175; false from 180 on, kept for 5 s more.
            #expect(firing["resolvedAt"]?.int64 == (start + .seconds(185)).milliseconds)
            #expect(firing["value"]?.double == 50 && firing["annotations"]?["summary"]?.string == "m1 lags")
            #expect(firing["events"]?.array?.compactMap { $0["sentence"]?.string } == ["near"])
            let other = try await client.post(
                "/api/v1/rules/backtest",
                json: Self.question(world, [("rule", "Lagging"), ("parameters", ["limit": 60])]), headers: headers)
            #expect(try JSONValue(parsing: Array(other.body.readableBytesView))["count"]?.int == 0)
        }
    }

    @Test func backtestsWhatStandsInNoFile() async throws {
        try await APIWorld.with { world, client in
            try await Self.history(world)
            let headers = try await world.signedIn(as: .viewer, client)
            func count(_ members: [(String, JSONValue)]) async throws -> Int? {
                let response = try await client.post(
                    "/api/v1/rules/backtest", json: Self.question(world, members), headers: headers)
                return try JSONValue(parsing: Array(response.body.readableBytesView))["count"]?.int
            }
            #expect(try await count([("expr", "lag > 10"), ("forSeconds", 10)]) == 1)
            #expect(try await count([("file", .string(Self.rules)), ("alert", "Lagging")]) == 1)
        }
    }

    @Test func aBacktestThatCannotBeMadeSaysWhy() async throws {
        try await APIWorld.with(rules: Self.rules) { world, client in
            let headers = try await world.signedIn(as: .viewer, client)
            for (members, status, problem) in [
                ([("rule", "Lagging"), ("expr", "up")], 400, "bad-request"),
                ([], 400, "bad-request"),
                ([("rule", "Lgging")], 404, "not-found"),
                ([("expr", "up ==")], 422, "query"),
                (
                    [("file", "groups:\n  - name: g\n    rules: [{alert: A, expr: 'up =='}]\n"), ("alert", "A")], 422,
                    "rule-file"
                ),
                ([("rule", "lag:max")], 422, "backtest"),
                ([("rule", "Lagging"), ("parameters", ["no": 1])], 422, "parameter"),
                ([("rule", "Lagging"), ("end", 1)], 422, "backtest"),
            ] as [([(String, JSONValue)], Int, String)] {
                let response = try await client.post(
                    "/api/v1/rules/backtest", json: Self.question(world, members), headers: headers)
                #expect(response.status.code == status && response.problem == problem, "\(members)")
            }
        }
    }

    @Test func aBacktestShowsOnlyVisibleClusters() async throws {
        try await APIWorld.with(rules: Self.rules) { world, client in
            try await Self.history(world, cluster: "prod")
            try await Self.history(world, cluster: "test")
            _ = try await EnrolledAgent(node: "n1", cluster: "prod", in: world.pool)
            _ = try await EnrolledAgent(node: "n2", cluster: "test", in: world.pool)
            try await world.services.fleet.load()
            try await world.makeUser("ann", Grants(everywhere: nil, clusters: ["prod": .viewer]))
            let headers = try await world.session(of: "ann", client)
            let all = try await client.post(
                "/api/v1/rules/backtest", json: Self.question(world, [("rule", "Lagging")]), headers: headers)
            let firings = try JSONValue(parsing: Array(all.body.readableBytesView))["firings"]?.array ?? []
            #expect(firings.map { $0["labels"]?["cluster"]?.string } == ["prod"])
            let other = try await client.post(
                "/api/v1/rules/backtest", json: Self.question(world, [("rule", "Lagging"), ("cluster", "test")]),
                headers: headers)
            #expect(other.status == .forbidden)
        }
    }
}
