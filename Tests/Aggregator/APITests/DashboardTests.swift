import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct DashboardTests {
    private func withDashboard(
        _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        _ = try directory.write("<!doctype html>", to: "index.html")
        _ = try directory.write("main()", to: "main.js")
        _ = try directory.write("gzip", to: "main.js.gz")
        _ = try directory.write("chunk()", to: "chunk-AB12CD34.js")
        try await APIWorld.with(dashboard: directory.path) { _, client in try await body(client) }
        withExtendedLifetime(directory) {}
    }

    @Test func servesThePageForPathsThatAreTheDashboards() async throws {
        try await withDashboard { client in
            for path in ["/", "/clusters/prod", "/events?kind=leader-changed"] {
                let response = try await client.execute(uri: path, method: .get)
                #expect(response.status == .ok, "\(path)")
                #expect(response.headers[.contentType] == "text/html; charset=utf-8")
                #expect(response.headers[.cacheControl] == "no-cache")
            }
            for path in ["/missing-AB12CD34.js", "/api/v1/x", "/agent/v1/x", "/prometheus/x"] {
                #expect(try await client.execute(uri: path, method: .get).status == .notFound, "\(path)")
            }
        }
    }

    @Test func sendsNothingThatTheBrowserHas() async throws {
        try await withDashboard { client in
            let first = try await client.execute(uri: "/main.js", method: .get)
            var headers = HTTPFields()
            headers[.ifNoneMatch] = first.headers[.eTag]
            let second = try await client.execute(uri: "/main.js", method: .get, headers: headers)
            #expect(second.status == .notModified)
            #expect(second.body.readableBytes == 0)
        }
    }

    @Test func sendsTheCompressedCopyToWhoTakesIt() async throws {
        try await withDashboard { client in
            var headers = HTTPFields()
            headers[.acceptEncoding] = "gzip, br"
            let response = try await client.execute(uri: "/main.js", method: .get, headers: headers)
            #expect(response.headers[.contentEncoding] == "gzip")
            #expect(String(buffer: response.body) == "gzip")
            #expect(try await client.execute(uri: "/main.js", method: .get).headers[.contentEncoding] == nil)
        }
    }

    @Test func letsBrowsersKeepWhatIsNamedByItsContent() async throws {
        try await withDashboard { client in
            let response = try await client.execute(uri: "/chunk-AB12CD34.js", method: .get)
            #expect(response.headers[.cacheControl]?.contains("immutable") == true)
        }
    }
}
