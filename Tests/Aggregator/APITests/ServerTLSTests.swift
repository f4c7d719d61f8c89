import AgentProtocol
import AsyncSupport
import Cryptography
import FrameCodec
import Glibc
import HTTPClient
import Hummingbird
import Logging
import MessageSignatures
import Model
import NIOCore
import ServiceLifecycle
import Spool
import Synchronization
import TestSupport
import Testing
import Uplink

@testable import API

/// A server as the aggregator runs it, with routes for tests.
final class SecureServer: Sendable {
    let directory: TemporaryDirectory
    let certificate: ServingCertificate
    let authority: CertificateAuthority
    let key: Ed25519PrivateKey
    /// Whether the `/stream` is being written.
    let streams: AsyncStream<Void>
    private let streamOpened: AsyncStream<Void>.Continuation
    /// The schemes of the batches that came: HTTP/2 sends it, HTTP/1.1 does not.
    let batchSchemes = Mutex<[String]>([])
    private let boundPort = Mutex(0)

    init() throws {
        directory = try TemporaryDirectory()
        key = try Ed25519PrivateKey.generate()
        authority = try Self.replaceCertificate(in: directory)
        certificate = try ServingCertificate(
            certificateFile: directory.file("cert.pem"), keyFile: directory.file("key.pem"), logger: quiet)
        (streams, streamOpened) = AsyncStream.makeStream()
    }

    /// Writes a certificate of a new authority.
    @discardableResult
    static func replaceCertificate(in directory: TemporaryDirectory) throws -> CertificateAuthority {
        let names = ["localhost", "127.0.0.1"].compactMap { SubjectName($0) }
        let now = Int64(time(nil))
        let authority = try CertificateAuthority.make(name: "test", permitting: names, now: now)
        let issued = try authority.issueServerCertificate(for: names, now: now)
        try directory.write(issued.certificate.pem.utf8, to: "cert.pem")
        try directory.write(issued.keyPEM.utf8, to: "key.pem")
        return authority
    }

    var port: Int { boundPort.withLock { $0 } }
    var url: String { "https://127.0.0.1:\(port)" }

    /// A client that trusts this server.
    func client(_ version: HTTPVersion) -> HTTPClient {
        HTTPClient(tls: TLSOptions(trust: .pem(authority.certificate.pem), minimumVersion: .tls13), version: version)
    }

    /// Runs `body` against the server, then shuts it down and waits for its end.
    func run(
        patience: ReloadingTLSChannel.Patience = ReloadingTLSChannel.Patience(), connections: Int = 100,
        perAddress: Int = 100, _ body: (ServiceGroup) async throws -> Void
    ) async throws {
        let (ports, portKnown) = AsyncStream.makeStream(of: Int.self)
        let census = ConnectionCensus(limit: connections, perAddress: perAddress, logger: quiet)
        let application = Application(
            router: router(), server: .secured(by: certificate, patience: patience, census: census),
            configuration: .bounded(host: "127.0.0.1", port: 0, connections: connections, logger: quiet),
            onServerRunning: { portKnown.yield($0.localAddress?.port ?? 0) }, logger: quiet)
        let group = ServiceGroup(configuration: .init(services: [application], logger: quiet))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await port in ports {
                boundPort.withLock { $0 = port }
                break
            }
            try await body(group)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.post("/echo") { request, _ in
            let body = try await request.body.bytes(upTo: 1000)
            return "\(request.method) \(request.head.authority ?? "") \(request.uri.path) \(body.count)"
        }
        router.post("/bounded") { request, _ in
            do {
                _ = try await request.body.bytes(upTo: 1000)
                return Response(status: .ok)
            } catch let error as APIError {
                return Response(status: error.status)
            }
        }
        router.post(RouterPath(AgentProtocol.batchesPath)) { request, _ in
            let scheme = request.head.scheme ?? ""
            self.batchSchemes.withLock { $0.append(scheme) }
            let verifier = MessageVerifier(tag: AgentProtocol.batchTag, required: AgentProtocol.batchComponents)
            do {
                try verifier.read(RequestParts(request)).verify(with: self.key.publicKey)
                return Response(status: .noContent)
            } catch {
                return Response(status: .unauthorized)
            }
        }
        router.get("/stream") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "begun "))
                    self.streamOpened.yield()
                    let (ends, shutdown) = AsyncStream.makeStream(of: Void.self)
                    await withGracefulShutdownHandler {
                        for await _ in ends {}
                    } onGracefulShutdown: {
                        shutdown.finish()
                    }
                    try await writer.write(ByteBuffer(string: "ended"))
                    try await writer.finish(nil)
                })
        }
        return router
    }
}

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// What connections go through: ALPN, certificates that are replaced, shutdown.
@Suite(.timeLimit(.minutes(2))) struct ServerTLSTests {
    private static let versions = [HTTPVersion.http1, .http2]

    private func post(_ path: String, _ server: SecureServer, bytes: Int = 5) -> ClientRequest {
        ClientRequest("POST", server.url + path, body: [UInt8](repeating: 0x61, count: bytes))
    }

    private func answer(_ client: HTTPClient, _ request: ClientRequest) async throws -> ClientResponse {
        try await client.send(request, deadline: .seconds(60))
    }

    private func expect(
        _ status: Int, _ client: HTTPClient, _ request: ClientRequest, at location: SourceLocation = #_sourceLocation
    ) async throws {
        #expect(try await answer(client, request).status == status, sourceLocation: location)
    }

    @Test(arguments: versions) func speaksTheVersionOfItsClientOverOneConnection(version: HTTPVersion) async throws {
        let server = try SecureServer()
        try await server.run { _ in
            let client = server.client(version)
            for isFirst in [true, false] {
                let answer = try await self.answer(client, post("/echo", server))
                #expect(answer.metrics.version == version)
                #expect(answer.metrics.openedConnection == isFirst)
                #expect(String(decoding: answer.body, as: UTF8.self) == "POST 127.0.0.1:\(server.port) /echo 5")
                #expect(answer[header: "server"] == nil)
            }
        }
    }

    @Test(arguments: versions) func boundsBodies(version: HTTPVersion) async throws {
        let server = try SecureServer()
        try await server.run { _ in
            let client = server.client(version)
            try await expect(200, client, post("/bounded", server, bytes: 1000))
            try await expect(413, client, post("/bounded", server, bytes: 1001))
            // The connection, or a new one, goes on.
            try await expect(200, client, post("/bounded", server))
        }
    }

    @Test(arguments: versions) func aStreamEndsInOrderAtShutdown(version: HTTPVersion) async throws {
        let server = try SecureServer()
        try await server.run { group in
            let client = server.client(version)
            async let ending = answer(client, ClientRequest("GET", server.url + "/stream"))
            for await _ in server.streams { break }
            await group.triggerGracefulShutdown()
            let body = try await ending.body
            #expect(String(decoding: body, as: UTF8.self) == "begun ended")
        }
    }

    /// libcurl does not read, so does not answer HTTP/2's goodbye, while it has nothing to ask.
    @Test(arguments: versions) func anIdleConnectionDoesNotHoldShutdownUp(version: HTTPVersion) async throws {
        let server = try SecureServer()
        var patience = ReloadingTLSChannel.Patience()
        patience.goodbye = .seconds(3600)
        let client = Mutex<HTTPClient?>(nil)
        try await server.run(patience: patience) { _ in
            let idle = server.client(version)
            client.withLock { $0 = idle }
            try await expect(200, idle, post("/echo", server))
        }
        client.withLock { $0 = nil }
    }

    @Test func aHandshakeThatDoesNotEndIsClosed() async throws {
        let server = try SecureServer()
        var patience = ReloadingTLSChannel.Patience()
        patience.handshake = .milliseconds(20)
        try await server.run(patience: patience) { _ in
            #expect(await SilentPeer.bytesUntilClosed(port: server.port) == 0)
        }
    }

    @Test func silentPeersKeepOthersOutNoLongerThanTheHandshakeMayTake() async throws {
        let server = try SecureServer()
        var patience = ReloadingTLSChannel.Patience()
        patience.handshake = .milliseconds(100)
        try await server.run(patience: patience, connections: 8) { _ in
            let peers = (0..<20).map { _ in SilentPeer(port: server.port) }
            // On a busy machine this client's own handshake may take too long.
            try await withDeadline(.seconds(30)) {
                while (try? await answer(server.client(.http2), post("/echo", server)).status) != 200 {}
            }
            withExtendedLifetime(peers) {}
        }
    }

    @Test(arguments: versions) func anIdleConnectionIsClosedAndAnotherIsServed(version: HTTPVersion) async throws {
        let server = try SecureServer()
        var patience = ReloadingTLSChannel.Patience()
        patience.idle = .milliseconds(200)
        patience.goodbye = .milliseconds(200)
        try await server.run(patience: patience, connections: 1) { _ in
            let idle = server.client(version)
            try await expect(200, idle, post("/echo", server))
            // The only place is taken until the first connection has been idle for too long.
            try await expect(200, server.client(version), post("/echo", server))
            withExtendedLifetime(idle) {}
        }
    }

    @Test func oneAddressCannotTakeAllPlaces() async throws {
        let server = try SecureServer()
        try await server.run(perAddress: 3) { _ in
            var peers = (0..<3).map { _ in SilentPeer(port: server.port) }
            #expect(await SilentPeer.bytesUntilClosed(port: server.port) == 0)
            // Who leaves makes room for another one.
            peers.removeLast()
            try await withDeadline(.seconds(30)) {
                while (try? await answer(server.client(.http2), post("/echo", server)).status) != 200 {}
            }
            withExtendedLifetime(peers) {}
        }
    }

    @Test func shutdownDoesNotWaitForAHandshake() async throws {
        let server = try SecureServer()
        var patience = ReloadingTLSChannel.Patience()
        patience.handshake = .seconds(3600)
        let peer = Mutex<SilentPeer?>(nil)
        try await server.run(patience: patience) { _ in
            peer.withLock { $0 = SilentPeer(port: server.port) }
            // A second connection that was served tells that the first was taken.
            try await expect(200, server.client(.http2), post("/echo", server))
        }
    }

    @Test(arguments: versions) func newConnectionsAreShownTheNewCertificate(version: HTTPVersion) async throws {
        let server = try SecureServer()
        try await server.run { _ in
            let before = server.client(version)
            try await expect(200, before, post("/echo", server))
            let authority = try SecureServer.replaceCertificate(in: server.directory)
            #expect(server.certificate.reloadIfChanged())

            let trust = TLSOptions(trust: .pem(authority.certificate.pem), minimumVersion: .tls13)
            let after = try await answer(HTTPClient(tls: trust, version: version), post("/echo", server))
            #expect(after.status == 200)
            #expect(after.metrics.version == version)
            // What was open stays open; what opens with the former trust fails.
            #expect(try await answer(before, post("/echo", server)).metrics.openedConnection == false)
            await #expect(throws: HTTPClientError.self) {
                try await answer(server.client(version), post("/echo", server))
            }
        }
    }

    @Test func anAgentsSignedBatchesComeOverOneConnectionOfHTTP2() async throws {
        let server = try SecureServer()
        try await server.run { _ in
            let agent = try #require(AgentID("00112233445566778899aabbccddeeff"))
            let identity = AgentIdentity(
                agent: agent, cluster: "test", node: "n1", key: server.key,
                authorityPEM: server.authority.certificate.pem)
            let spool = try Spool(directory: server.directory.file("spool"), limitBytes: 16 << 20)
            var encoder = StreamEncoder(
                agent: agent, sources: [SourceDescriptor(kind: .host, name: "n1", interval: .seconds(5))])
            let count = 3
            for _ in 0..<count {
                encoder.begin(await spool.nextSlot, madeAt: WallClock.system.now)
                try await spool.append(try encoder.finish(), sync: false)
            }
            let sender = BatchSender(identity: identity, aggregators: [server.url], spool: spool, logger: quiet)
            let sending = Task { try await sender.run() }
            // Another failure than an answer that a busy machine gives late ends it.
            func failures() -> Set<String> { Set(sender.status.failures.keys).subtracting(["timeout"]) }
            while sender.status.acknowledgedBatches < count, failures().isEmpty { await Task.yield() }
            sending.cancel()
            _ = await sending.result
            #expect(failures().isEmpty, "\(sender.status.lastError)")
            let schemes = server.batchSchemes.withLock { $0 }
            #expect(schemes.count >= count && Set(schemes) == ["https"])
            if sender.status.failures.isEmpty { #expect(sender.status.connections == 1) }
        }
    }
}
