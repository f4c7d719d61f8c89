import Access
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import NIOCore
import TestSupport
import Testing

@testable import API

/// Walks over the one table of routes.
@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct RouteTests {
    /// A path with something in the place of each parameter.
    private static func uri(_ route: Route) -> String {
        route.path.split(separator: "/").map { $0.hasPrefix("{") ? "prod" : String($0) }
            .reduce("") { $0 + "/" + $1 }
    }

    private static func needsSignIn(_ route: Route) -> Bool {
        switch route.access {
        case .recognised, .permission, .hostOrInstallationViewer: true
        case .open, .signature: false
        }
    }

    @Test func answersNobodyWhoIsNotRecognised() async throws {
        try await APIWorld.with { world, client in
            for route in world.server.routes where Self.needsSignIn(route) {
                let response = try await client.execute(uri: Self.uri(route), method: route.method)
                #expect(response.status == .unauthorized, "\(route.method) \(route.path)")
                #expect(response.headers[.contentType] == "application/problem+json", "\(route.path)")
            }
        }
    }

    /// Every route with every role: what the table declares is what happens.
    @Test(arguments: Role.allCases) func permitsEachRoleWhatTheTableSays(role: Role) async throws {
        try await APIWorld.with { world, client in
            let headers = try await world.signedIn(as: role, client)
            let principal = Principal(kind: .session, userID: 1, name: role.rawValue, grants: Grants(everywhere: role))
            // Streams do not end by themselves, and signing out would end the session.
            for route in world.server.routes where route.operation.id != "stream" && route.operation.id != "signOut" {
                guard case .permission(let permission, let parameter) = route.access else { continue }
                let allowed = Policy.decide(principal, permission, cluster: parameter.map { _ in "prod" }).isAllowed
                let response = try await client.execute(uri: Self.uri(route), method: route.method, headers: headers)
                let isRefused = response.status == .forbidden || response.status == .unauthorized
                #expect(isRefused == !allowed, "\(role) \(route.method) \(route.path): \(response.status)")
            }
        }
    }

    @Test func takesNoChangeFromAnotherSite() async throws {
        try await APIWorld.with { world, client in
            var headers = try await world.signedIn(as: .admin, client)
            if let name = HTTPField.Name("X-Requested-With") { headers[name] = nil }
            for route in world.server.routes where Self.needsSignIn(route) && route.method != .get {
                let response = try await client.execute(uri: Self.uri(route), method: route.method, headers: headers)
                #expect(response.status == .forbidden, "\(route.method) \(route.path)")
                #expect(response.problem == "missing-header", "\(route.method) \(route.path)")
            }
        }
    }

    @Test func describesEveryRouteAndNoOtherInOpenAPI() async throws {
        try await APIWorld.with { world, client in
            let document = try await client.json("/api/openapi.json")
            var described: Set<String> = []
            for (path, methods) in document["paths"]?.object ?? [] {
                for (method, _) in methods.object ?? [] { described.insert("\(method.uppercased()) \(path)") }
            }
            let served = Set(world.server.routes.map { "\($0.method) \($0.path)" })
            #expect(described == served)
            let ids = world.server.routes.map(\.operation.id)
            #expect(Set(ids).count == ids.count)
        }
    }

    @Test func namesOnlySchemasThatExist() async throws {
        try await APIWorld.with { _, client in
            let document = try await client.json("/api/openapi.json")
            let known = Set((document["components"]?["schemas"]?.object ?? []).map { "#/components/schemas/\($0.0)" })
            #expect(known.count > 30)
            var named: Set<String> = []
            func collect(_ value: JSONValue) {
                for element in value.array ?? [] { collect(element) }
                for (key, member) in value.object ?? [] {
                    if key == "$ref", let name = member.string { named.insert(name) } else { collect(member) }
                }
            }
            collect(document)
            #expect(named.isSubset(of: known), "\(named.subtracting(known))")
            #expect(known.isSubset(of: named), "\(known.subtracting(named))")
        }
    }

    @Test func setsSecurityHeadersOnEveryAnswer() async throws {
        try await APIWorld.with { _, client in
            for path in ["/api/v1/clusters", "/api/openapi.json", "/", "/nowhere", "/api/v1/nowhere"] {
                let headers = try await client.execute(uri: path, method: .get).headers
                #expect(headers[.contentSecurityPolicy]?.contains("frame-ancestors 'none'") == true, "\(path)")
                #expect(headers[.strictTransportSecurity] != nil, "\(path)")
                #expect(headers[.xContentTypeOptions] == "nosniff", "\(path)")
                #expect(HTTPField.Name("Referrer-Policy").flatMap { headers[$0] } == "no-referrer", "\(path)")
            }
        }
    }

    @Test func answersUnknownPathsWithAProblem() async throws {
        try await APIWorld.with { _, client in
            for (method, path) in [(HTTPRequest.Method.get, "/api/v1/nowhere"), (.post, "/api/v1/clusters")] {
                let response = try await client.execute(uri: path, method: method)
                #expect(response.status == .notFound || response.status == .methodNotAllowed)
                #expect(response.headers[.contentType] == "application/problem+json")
            }
        }
    }

    @Test func boundsBodies() async throws {
        var limits = APILimits()
        limits.bodyBytes = 100
        try await APIWorld.with(limits: limits) { _, client in
            let long = JSONValue.string(String(repeating: "a", count: 200))
            let response = try await client.post("/api/v1/session", json: ["username": long, "password": "b"])
            #expect(response.status == .contentTooLarge)
            #expect(response.problem == "body-too-large")
        }
    }
}
