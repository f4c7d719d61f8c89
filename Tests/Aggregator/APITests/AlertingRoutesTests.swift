import Access
import Fleet
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Model
import NIOCore
import TestSupport
import Testing

@testable import API

/// Silences, windows, channels and routes over HTTP: who may, what is answered, what is recorded.
@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct AlertingRoutesTests {
    private struct Answer {
        var status: Int
        var json: JSONValue?
    }

    private func send(
        _ client: any TestClientProtocol, _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil,
        as headers: HTTPFields
    ) async throws -> Answer {
        let response = try await client.execute(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(bytes: $0.serialized()) })
        let bytes = Array(response.body.readableBytesView)
        return Answer(status: response.status.code, json: bytes.isEmpty ? nil : try JSONValue(parsing: bytes))
    }

    private func silence(_ cluster: String) -> JSONValue {
        [
            "matchers": [["name": "cluster", "value": .string(cluster)]], "seconds": 600,
            "comment": "known",
        ]
    }

    @Test func anOperatorSilencesWhereHeIsOneAndNowhereElse() async throws {
        try await APIWorld.with { world, client in
            try await world.makeUser("olga", Grants(everywhere: nil, clusters: ["a": .operator, "b": .viewer]))
            let olga = try await world.session(of: "olga", client)
            let made = try await send(client, .post, "/api/v1/silences", silence("a"), as: olga)
            #expect(made.status == 201 && made.json?["state"]?.string == "active")
            #expect(made.json?["author"]?.string == "olga" && made.json?["cluster"]?.string == "a")
            let id = try #require(made.json?["id"]?.string)
            #expect(try await send(client, .post, "/api/v1/silences", silence("b"), as: olga).status == 403)
            let everywhere: JSONValue = [
                "matchers": [["name": "alertname", "value": "X"]], "seconds": 600, "comment": "c",
            ]
            #expect(try await send(client, .post, "/api/v1/silences", everywhere, as: olga).status == 403)
            // Nor may it be moved to where one is no operator.
            #expect(try await send(client, .put, "/api/v1/silences/\(id)", silence("b"), as: olga).status == 403)
            let listed = try await send(client, .get, "/api/v1/silences", as: olga)
            #expect(listed.json?["silences"]?.array?.count == 1)
            try await world.makeUser("eve", Grants(everywhere: nil, clusters: ["b": .operator]))
            let eve = try await world.session(of: "eve", client)
            #expect(try await send(client, .get, "/api/v1/silences", as: eve).json?["silences"]?.array?.isEmpty == true)
            #expect(try await send(client, .delete, "/api/v1/silences/\(id)", as: eve).status == 404)
            #expect(try await send(client, .delete, "/api/v1/silences/\(id)", as: olga).status == 204)
            let entries = try await world.services.access.audit.list(
                before: nil, limit: 20, cluster: nil, action: "silence-alerts")
            #expect(entries.count { $0.event.outcome == .done } == 2)
            #expect(entries.count { $0.event.outcome == .refused } == 3)
        }
    }

    @Test func whatCannotBeASilenceIsExplained() async throws {
        try await APIWorld.with { world, client in
            let headers = try await world.signedIn(as: .operator, client)
            for (body, words) in [
                (["matchers": [], "seconds": 60, "comment": "c"], "1 to 32 matchers"),
                (
                    ["matchers": [["name": "a", "operation": "=~", "value": ".*"]], "seconds": 60, "comment": "c"],
                    "value"
                ),
                (
                    ["matchers": [["name": "a", "operation": "=~", "value": "("]], "seconds": 60, "comment": "c"],
                    "pattern"
                ),
                (["matchers": [["name": "a", "value": "b"]], "comment": "c"], "endsAt"),
                (["matchers": [["name": "a", "value": "b"]], "seconds": 60, "comment": ""], "comment"),
                (["matchers": [["name": "a", "value": "b"]], "endsAt": 1, "comment": "c"], "end"),
            ] as [(JSONValue, String)] {
                let answer = try await send(client, .post, "/api/v1/silences", body, as: headers)
                #expect(answer.status == 400 && answer.json?["detail"]?.string?.contains(words) == true, "\(body)")
            }
            let none = try await send(
                client, .put, "/api/v1/alerts/0000/acknowledgement", ["comment": "mine"], as: headers)
            #expect(none.status == 404)
        }
    }

    @Test func aWindowIsPlannedForEachWeek() async throws {
        try await APIWorld.with { world, client in
            let headers = try await world.signedIn(as: .operator, client)
            _ = try await world.services.fleet.makeEnrolmentToken(cluster: "a", by: "test")
            let start = world.clock.now.milliseconds + 3_600_000
            let answer = try await send(
                client, .post, "/api/v1/clusters/a/maintenance-windows",
                [
                    "startsAt": .number("\(start)"), "seconds": 7200, "comment": "patch day",
                    "weeklyUntil": .number("\(start + 30 * 86_400_000)"),
                ], as: headers)
            #expect(answer.status == 201 && answer.json?["kind"]?.string == "maintenance")
            #expect(answer.json?["state"]?.string == "pending" && answer.json?["nextStart"]?.int64 == start)
        }
    }

    @Test func administratorsMakeChannelsAndNobodySeesTheirSecrets() async throws {
        try await APIWorld.with { world, client in
            let http = try StubHTTPServer { _ in .answer(status: 200) }
            let admin = try await world.signedIn(as: .admin, client)
            let wanted: JSONValue = [
                "kind": "webhook", "secrets": ["url": .string(http.url + "/tok-en"), "bearer_token": "bear-er"],
            ]
            let saved = try await send(client, .put, "/api/v1/channels/chat", wanted, as: admin)
            #expect(saved.status == 200 && saved.json?["managed"]?.string == "api")
            let viewer = try await world.signedIn(as: .viewer, client)
            let operators = try await world.signedIn(as: .operator, client)
            #expect(try await send(client, .put, "/api/v1/channels/x", wanted, as: operators).status == 403)
            let listed = try await send(client, .get, "/api/v1/channels", as: viewer)
            let channel = listed.json?["channels"]?[0]
            #expect(channel?["secrets"]?.array?.compactMap(\.string) == ["bearer_token", "url"])
            #expect(channel?["target"]?.string == http.url && channel?["changedBy"]?.string == "admin")
            #expect(!"\(listed.json ?? .null)".contains("tok-en") && !"\(listed.json ?? .null)".contains("bear-er"))
            #expect(try await send(client, .post, "/api/v1/channels/chat/test", as: viewer).status == 403)
            let test = try await send(client, .post, "/api/v1/channels/chat/test", as: operators)
            #expect(test.json?["delivered"]?.bool == true && test.json?["code"]?.int == 200)
            let request = try #require(await http.waitForRequests(1).first)
            #expect(request.target == "/tok-en" && request[header: "authorization"] == "Bearer bear-er")
            let audit = try await world.services.access.audit.list(before: nil, limit: 50, cluster: nil, action: nil)
            #expect(!audit.contains { "\($0)".contains("tok-en") || "\($0)".contains("bear-er") })
            #expect(audit.contains { $0.event.action == "manage-channels" && $0.event.object == "chat" })
        }
    }

    @Test func routesAreSetAndReset() async throws {
        try await APIWorld.with { world, client in
            let admin = try await world.signedIn(as: .admin, client)
            for name in ["a", "b"] {
                let channel: JSONValue = ["kind": "webhook", "secrets": ["url": "https://x.example.com"]]
                #expect(try await send(client, .put, "/api/v1/channels/\(name)", channel, as: admin).status == 200)
            }
            let routes: JSONValue = [
                "routes": [
                    ["name": "pages", "match": ["severity": ["critical"]], "channels": ["a"], "continues": true],
                    ["channels": ["b"], "repeatIntervalSeconds": 7200],
                ]
            ]
            let set = try await send(client, .put, "/api/v1/alert-routes", routes, as: admin)
            #expect(set.status == 200 && set.json?["source"]?.string == "database")
            let read = try await send(client, .get, "/api/v1/alert-routes", as: admin).json
            #expect(read?["routes"]?[0]?["match"]?["severity"]?[0]?.string == "critical")
            #expect(read?["routes"]?[0]?["continues"]?.bool == true)
            #expect(read?["routes"]?[1]?["name"]?.string == "route 2")
            #expect(read?["routes"]?[1]?["repeatIntervalSeconds"]?.double == 7200)
            let wrong: JSONValue = ["routes": [["channels": ["nobody"]]]]
            #expect(try await send(client, .put, "/api/v1/alert-routes", wrong, as: admin).status == 400)
            #expect(try await send(client, .delete, "/api/v1/channels/a", as: admin).status == 409)
            let reset = try await send(client, .delete, "/api/v1/alert-routes", as: admin)
            #expect(reset.json?["source"]?.string == "implied")
            #expect(try await send(client, .delete, "/api/v1/channels/a", as: admin).status == 204)
        }
    }
}
