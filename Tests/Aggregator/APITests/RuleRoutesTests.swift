import Access
import Fleet
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Model
import NIOCore
import Postgres
import Rules
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

    // MARK: Changes

    @Test func whatARuleIsOnAClusterIsKeptWithWhoAndWhenAndAudited() async throws {
        try await APIWorld.with(rules: Self.rules) { world, client in
            _ = try await EnrolledAgent(node: "n1", cluster: "prod", in: world.pool)
            try await world.services.fleet.load()
            let headers = try await world.signedIn(as: .operator, client)
            let path = "/api/v1/clusters/prod/rule-overrides"
            func put(_ body: JSONValue) async throws -> TestResponse {
                try await client.execute(
                    uri: path, method: .put, headers: headers, body: ByteBuffer(bytes: body.serialized()))
            }
            let set = try await put(
                ["rule": "test.yaml/g/Lagging/0", "parameters": ["limit": 100], "reason": "slow disk, replaced in May"])
            #expect(set.status == .noContent)
            func rule() async throws -> JSONValue? {
                try await client.json("/api/v1/rules", headers: headers)["groups"]?[0]?["rules"]?[0]
            }
            let shown = try #require(try await rule()?["overrides"]?[0])
            #expect(shown["cluster"]?.string == "prod" && shown["enabled"]?.bool == true)
            #expect(shown["parameters"]?["limit"]?.double == 100 && shown["by"]?.string == "operator")
            #expect(shown["at"]?.int64 == world.clock.now.milliseconds)
            // Nothing is measured on the cluster.
            #expect(try await rule()?["clusters"] == [["cluster": "prod", "state": "missing"]])
            #expect(try await put(["rule": "Lagging", "parameters": ["no": 1]]).problem == "parameter")
            let removed = try await client.execute(
                uri: path + "?rule=test.yaml/g/Lagging/0", method: .delete, headers: headers)
            #expect(removed.status == .noContent)
            #expect(try await rule()?["overrides"] == [])
            let entries = try await world.services.access.audit.list(
                before: nil, limit: 10, cluster: "prod", action: "override-rules")
            #expect(entries.map(\.event.reason) == ["as in the file", "on, limit=100.0, slow disk, replaced in May"])
            #expect(entries.map(\.event.object) == Array(repeating: "test.yaml/g/Lagging/0", count: 2))
        }
    }

    @Test func onlyAnOperatorOfTheClusterOverridesARule() async throws {
        try await APIWorld.with(rules: Self.rules) { world, client in
            for cluster in ["prod", "test"] {
                _ = try await EnrolledAgent(node: "n-\(cluster)", cluster: cluster, in: world.pool)
            }
            try await world.services.fleet.load()
            try await world.makeUser("ann", Grants(everywhere: .viewer, clusters: ["prod": .operator]))
            try await world.makeUser("bob", Grants(everywhere: nil, clusters: ["prod": .viewer]))
            func put(_ user: String, _ cluster: String, reason: String = "why") async throws -> Int {
                var headers = try await world.session(of: user, client)
                headers[.contentType] = "application/json"
                let body: JSONValue = ["rule": "Lagging", "enabled": false, "reason": .string(reason)]
                let response = try await client.execute(
                    uri: "/api/v1/clusters/\(cluster)/rule-overrides", method: .put, headers: headers,
                    body: ByteBuffer(bytes: body.serialized()))
                return response.status.code
            }
            #expect(try await put("bob", "prod") == 403)
            #expect(try await put("ann", "test") == 403)
            #expect(world.services.rules.overrides.isEmpty)
            let refused = try await world.services.access.audit.list(action: "override-rules")
            #expect(
                refused.map(\.event.actor) == ["ann", "bob"] && refused.allSatisfy { $0.event.outcome == .refused })
            #expect(try await put("ann", "prod", reason: "two\nlines") == 400)
            #expect(try await put("ann", "prod") == 204)
            // Who does not see a cluster does not see what a rule is there.
            try await world.makeUser("eve", Grants(everywhere: nil, clusters: ["test": .viewer]))
            let list = try await client.json("/api/v1/rules", headers: try await world.session(of: "eve", client))
            #expect(list["groups"]?[0]?["rules"]?[0]?["overrides"] == [])
        }
    }

    @Test func aBrokenRuleFileIsToldWithItsLines() async throws {
        try await APIWorld.with(rules: Self.rules) { world, client in
            let headers = try await world.signedIn(as: .admin, client)
            let good = try await client.execute(uri: "/api/v1/rules/reload", method: .post, headers: headers)
            #expect(try JSONValue(parsing: Array(good.body.readableBytesView)) == ["groups": 1, "rules": 2])
            world.ruleFile.text = "groups:\n  - name: g\n    rules: [{alert: A, expr: 'up =='}]\n"
            let bad = try await client.execute(uri: "/api/v1/rules/reload", method: .post, headers: headers)
            #expect(bad.status == .unprocessableContent && bad.problem == "rule-file")
            let problem = try #require(try JSONValue(parsing: Array(bad.body.readableBytesView))["errors"]?[0])
            #expect(problem["file"]?.string == "test.yaml" && problem["line"]?.int == 3)
            let list = try await client.json("/api/v1/rules", headers: headers)
            #expect(list["problems"]?[0] == problem)
            #expect(list["groups"]?[0]?["rules"]?.array?.count == 2)
        }
    }
}
