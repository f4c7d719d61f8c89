import Access
import Fleet
import FleetHealth
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import NIOCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct SessionTests {
    @Test func signsInWithACookieThatScriptsCannotRead() async throws {
        try await APIWorld.with { world, client in
            try await world.makeUser("ann", Grants(everywhere: .operator))
            let response = try await client.post(
                "/api/v1/session", json: ["username": "ann", "password": .string(APIWorld.password)])
            #expect(response.status == .ok)
            let cookie = try #require(response.headers[.setCookie])
            for part in ["etcd-monitor-session=", "Secure", "HttpOnly", "SameSite=Strict"] {
                #expect(cookie.contains(part))
            }
            let session = try await client.json(
                "/api/v1/session", headers: try await world.session(of: "ann", client))
            #expect(session["user"]?["name"]?.string == "ann")
            #expect(session["user"]?["role"]?.string == "operator")
        }
    }

    @Test func doesNotTellAWrongNameFromAWrongPassword() async throws {
        try await APIWorld.with { world, client in
            try await world.makeUser("ann", Grants(everywhere: .viewer))
            let wrong = try await client.post(
                "/api/v1/session", json: ["username": "ann", "password": "nope nope nope"])
            let nobody = try await client.post(
                "/api/v1/session", json: ["username": "eve", "password": "nope nope nope"])
            #expect(wrong.status == .unauthorized && nobody.status == .unauthorized)
            #expect(wrong.body == nobody.body)
        }
    }

    @Test func limitsAttempts() async throws {
        try await APIWorld.with { world, client in
            try await world.makeUser("ann", Grants(everywhere: .viewer))
            var statuses: [HTTPResponse.Status] = []
            for _ in 0..<8 {
                let response = try await client.post(
                    "/api/v1/session", json: ["username": "ann", "password": "nope nope nope"])
                statuses.append(response.status)
                if response.status == .tooManyRequests { #expect(response.headers[.retryAfter] != nil) }
            }
            #expect(statuses.contains(.tooManyRequests))
        }
    }

    @Test func endsASessionForGood() async throws {
        try await APIWorld.with { world, client in
            let headers = try await world.signedIn(as: .viewer, client)
            let out = try await client.execute(uri: "/api/v1/session", method: .delete, headers: headers)
            #expect(out.status == .noContent)
            let after = try await client.execute(uri: "/api/v1/session", method: .get, headers: headers)
            #expect(after.status == .unauthorized)
        }
    }

    @Test func letsAProgramInWithAToken() async throws {
        try await APIWorld.with { world, client in
            let headers = try await world.signedIn(as: .admin, client)
            let made = try await client.post(
                "/api/v1/tokens", json: ["name": "ci", "role": "viewer"], headers: headers)
            #expect(made.status == .created)
            let answer = try JSONValue(parsing: Array(made.body.readableBytesView))
            var bearer = HTTPFields()
            bearer[.authorization] = "Bearer \(answer["token"]?.string ?? "")"
            #expect(try await client.execute(uri: "/api/v1/clusters", method: .get, headers: bearer).status == .ok)
            // A token is not a session: it needs no header against other sites, and cannot make itself lasting.
            let users = try await client.execute(uri: "/api/v1/users", method: .get, headers: bearer)
            #expect(users.status == .forbidden)
        }
    }

    @Test func showsOnlyTheClustersThatOneMaySee() async throws {
        try await APIWorld.with { world, client in
            for cluster in ["blue", "red"] {
                _ = try await world.services.fleet.makeEnrolmentToken(cluster: cluster, by: "test")
            }
            await world.services.health.update()
            try await world.makeUser("bob", Grants(everywhere: nil, clusters: ["red": .viewer]))
            let headers = try await world.session(of: "bob", client)
            let list = try await client.json("/api/v1/clusters", headers: headers)
            #expect(list["clusters"]?.array?.compactMap { $0["name"]?.string } == ["red"])
            let foreign = try await client.execute(uri: "/api/v1/clusters/blue", method: .get, headers: headers)
            #expect(foreign.status == .forbidden)
            #expect(try await client.json("/api/v1/clusters/red", headers: headers)["memberCounts"]?["total"]?.int == 0)
        }
    }

    @Test func makesEnrolmentTokensForAdministratorsOfTheClusterOnly() async throws {
        try await APIWorld.with { world, client in
            try await world.makeUser("carol", Grants(everywhere: .viewer, clusters: ["red": .admin]))
            let headers = try await world.session(of: "carol", client)
            let mine = try await client.post(
                "/api/v1/enrolment-tokens", json: ["cluster": "red"], headers: headers)
            #expect(mine.status == .created)
            let other = try await client.post(
                "/api/v1/enrolment-tokens", json: ["cluster": "blue"], headers: headers)
            #expect(other.status == .forbidden)
            let refusals = try await world.services.access.audit.list().filter { $0.event.outcome == .refused }
            #expect(refusals.first?.event.action == "enrol-agent")
        }
    }

    @Test func boundsTheStreamsOfAUser() async throws {
        var limits = APILimits()
        limits.streamsPerUser = 0
        try await APIWorld.with(limits: limits) { world, client in
            let headers = try await world.signedIn(as: .viewer, client)
            let response = try await client.execute(uri: "/api/v1/stream", method: .get, headers: headers)
            #expect(response.status == .tooManyRequests)
            #expect(response.problem == "too-many-streams")
            #expect(response.headers[.retryAfter] != nil)
            #expect(try world.streams() == 0)
        }
    }
}
