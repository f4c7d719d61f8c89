import Access
import Cryptography
import Fleet
import FleetHealth
import HTTPClient
import JSON
import Postgres
import Model
import SelfMetrics
import ServiceLifecycle
import TestSupport
import Testing

@testable import API

/// The server as a client on the network meets it: under TLS, on a port.
@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"), .serialized)
struct ServerTests {
    /// An authority, and a place where the server's certificate and key lie.
    private struct Files {
        let directory: TemporaryDirectory
        var certificate: String { directory.file("server.pem") }
        var key: String { directory.file("server-key.pem") }

        init() throws { directory = try TemporaryDirectory() }

        /// Writes a certificate of a new authority, which is returned.
        func issue() throws -> String {
            let now = WallClock.system.now.milliseconds / 1000
            let names = [SubjectName("localhost"), SubjectName("127.0.0.1")].compactMap { $0 }
            let authority = try CertificateAuthority.make(name: "test", permitting: names, now: now)
            let issued = try authority.issueServerCertificate(for: names, now: now)
            _ = try directory.write(issued.certificate.pem, to: "server.pem")
            _ = try directory.write(issued.keyPEM, to: "server-key.pem")
            return authority.certificate.pem
        }
    }

    /// Serves `world` while `body` runs with the port and a way to stop.
    private func serving(
        _ world: APIWorld, _ certificate: ServingCertificate,
        _ body: @escaping @Sendable (Int, ServiceGroup) async throws -> Void
    ) async throws {
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let service = world.server.service(host: "127.0.0.1", port: 0, certificate: certificate) { found.yield($0) }
        let group = ServiceGroup(configuration: .init(services: [service], logger: APIWorld.logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await port in ports {
                do {
                    try await body(port, group)
                } catch {
                    await group.triggerGracefulShutdown()
                    throw error
                }
                break
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func client(trusting pem: String) -> HTTPClient {
        HTTPClient(tls: TLSOptions(trust: .pem(pem)))
    }

    @Test func showsAReplacedCertificateWithoutARestart() async throws {
        try await APIWorld.with { world, _ in
            let files = try Files()
            let first = try files.issue()
            let certificate = try ServingCertificate(
                certificateFile: files.certificate, keyFile: files.key, logger: APIWorld.logger)
            try await serving(world, certificate) { port, _ in
                func status(trusting pem: String) async throws -> Int {
                    let client = client(trusting: pem)
                    defer { client.shutdown() }
                    return try await client.send(
                        HTTPRequest("GET", "https://localhost:\(port)/api/openapi.json"),
                        deadline: .seconds(20)
                    ).status
                }
                #expect(try await status(trusting: first) == 200)
                let second = try files.issue()
                #expect(certificate.reloadIfChanged())
                #expect(try await status(trusting: second) == 200)
                await #expect(throws: HTTPClientError.self) { _ = try await status(trusting: first) }
            }
            withExtendedLifetime(files.directory) {}
        }
    }

    @Test func keepsItsCertificateWhileTheFilesDoNotFit() async throws {
        let files = try Files()
        _ = try files.issue()
        let certificate = try ServingCertificate(
            certificateFile: files.certificate, keyFile: files.key, logger: APIWorld.logger)
        let other = try Files()
        _ = try other.issue()
        // The key is replaced, the certificate not yet.
        _ = try files.directory.write(try other.directory.read("server-key.pem"), to: "server-key.pem")
        #expect(!certificate.reloadIfChanged())
        _ = try files.directory.write(try other.directory.read("server.pem"), to: "server.pem")
        #expect(certificate.reloadIfChanged())
    }

    /// Opens an event stream, does `then` once it is open, and gives its answer to `check` when it has ended.
    private func withStream(
        _ world: APIWorld, cookie: String,
        then: @escaping @Sendable (ServiceGroup) async throws -> Void,
        check: @escaping @Sendable (HTTPResponse) -> Void
    ) async throws {
        let files = try Files()
        let authority = try files.issue()
        let certificate = try ServingCertificate(
            certificateFile: files.certificate, keyFile: files.key, logger: APIWorld.logger)
        try await serving(world, certificate) { port, group in
            let client = client(trusting: authority)
            defer { client.shutdown() }
            async let answer = client.send(
                HTTPRequest(
                    "GET", "https://localhost:\(port)/api/v1/stream", headers: [(name: "Cookie", value: cookie)]),
                deadline: .seconds(30))
            while try world.streams() == 0 { try await Task.sleep(for: .milliseconds(20)) }
            try await then(group)
            check(try await answer)
        }
        withExtendedLifetime(files.directory) {}
    }

    @Test func theStreamOfARevokedSessionEnds() async throws {
        try await APIWorld.with { world, routes in
            try await withStream(world, cookie: world.cookie(as: .viewer, routes)) { _ in
                try await world.pool.execute("delete from session")
            } check: {
                #expect($0.status == 200)
            }
        }
    }

    @Test func streamsUntilItStopsAndEndsInOrder() async throws {
        try await APIWorld.with { world, routes in
            _ = try await world.services.fleet.makeEnrolmentToken(cluster: "red", by: "test")
            await world.services.health.update()
            try await withStream(world, cookie: world.cookie(as: .viewer, routes)) { group in
                await group.triggerGracefulShutdown()
            } check: { response in
                let text = String(decoding: response.body, as: UTF8.self)
                #expect(response[header: "content-type"] == "text/event-stream")
                #expect(text.hasPrefix("event: tick\ndata: {\"now\":"))
                #expect(text.contains("event: clusters\ndata: {\"clusters\":[{\"name\":\"red\""))
                #expect(text.hasSuffix("\n\n"))
            }
            #expect(try world.streams() == 0)
        }
    }
}

extension APIWorld {
    /// Event streams that are open, as the metrics tell.
    func streams() throws -> Double {
        let board = services.metrics.board()
        let number = try #require(
            board.series.firstIndex { $0.labels.metric == "etcd_monitor_aggregator_event_streams" })
        return board.values[number]
    }
}
