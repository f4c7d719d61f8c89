import Cryptography
import Glibc
import HTTPClient
import TestSupport
import Testing

/// `openssl s_server` with a certificate of an authority of our own.
final class TLSServer: Sendable {
    let authority: CertificateAuthority
    let directory: TemporaryDirectory
    let port: Int
    private let process: ChildProcess

    /// Serves a status page for `names`.
    init(names: [String], options: [String] = []) async throws {
        let all = names.compactMap { SubjectName($0) }
        let now = Int64(time(nil))
        authority = try CertificateAuthority.make(name: "test", permitting: all, now: now)
        let directory = try TemporaryDirectory()
        self.directory = directory
        let issued = try authority.issueServerCertificate(for: all, now: now)
        try directory.write(issued.certificate.pem, to: "cert.pem")
        try directory.write(issued.keyPEM, to: "key.pem")
        try directory.write(authority.certificate.pem, to: "ca.pem")
        let process = try await ChildProcess.start(
            "/usr/bin/openssl",
            [
                "s_server", "-accept", "127.0.0.1:0", "-cert", directory.file("cert.pem"), "-key",
                directory.file("key.pem"), "-www",
            ] + options.map { $0.replacing("@", with: directory.path) }, output: directory.file("output"))
        self.process = process
        var found: Int?
        while found == nil, process.exit == nil {
            found = process.output.split(separator: "\n").first { $0.hasPrefix("ACCEPT") }
                .flatMap { $0.split(separator: ":").last }.flatMap { Int($0) }
            await Task.yield()
        }
        port = try #require(found, "\(process.output)")
    }

    deinit { process.send(SIGKILL) }

    func get(_ tls: TLSOptions, host: String = "localhost") async throws -> HTTPResponse {
        try await HTTPClient(tls: tls).send(HTTPRequest("GET", "https://\(host):\(port)/"), deadline: .seconds(20))
    }
}

@Suite(.timeLimit(.minutes(1))) struct TLSTests {
    @Test func trustsAnAuthorityFromMemoryOrFile() async throws {
        let server = try await TLSServer(names: ["localhost", "127.0.0.1"])
        for trust in [
            TLSOptions.Trust.pem(server.authority.certificate.pem), .file(server.directory.file("ca.pem")),
        ] {
            #expect(try await server.get(TLSOptions(trust: trust)).status == 200)
            #expect(try await server.get(TLSOptions(trust: trust), host: "127.0.0.1").status == 200)
        }
    }

    @Test func speaksHTTP1WithAServerThatKnowsNoHTTP2() async throws {
        let server = try await TLSServer(names: ["localhost"])
        let tls = TLSOptions(trust: .pem(server.authority.certificate.pem))
        let request = HTTPRequest("GET", "https://localhost:\(server.port)/")
        let answer = try await HTTPClient(tls: tls, version: .http2).send(request, deadline: .seconds(20))
        #expect(answer.status == 200)
        #expect(answer.metrics.version == .http1)
    }

    @Test func trustsNobodyElse() async throws {
        let server = try await TLSServer(names: ["localhost"])
        let stranger = try CertificateAuthority.make(name: "test", permitting: [], now: Int64(time(nil)))
        for trust in [TLSOptions.Trust.system, .pem(stranger.certificate.pem), .file("/nonexistent")] {
            #expect(await code { _ = try await server.get(TLSOptions(trust: trust)) } == .tls)
        }
    }

    @Test func checksTheNameUnlessToldNotTo() async throws {
        let server = try await TLSServer(names: ["localhost"])
        let trust = TLSOptions.Trust.pem(server.authority.certificate.pem)
        #expect(await code { _ = try await server.get(TLSOptions(trust: trust), host: "127.0.0.1") } == .tls)
        #expect(try await server.get(TLSOptions(verification: .none), host: "127.0.0.1").status == 200)
    }

    @Test func insistsOnItsMinimumVersion() async throws {
        let server = try await TLSServer(names: ["localhost"], options: ["-tls1_2"])
        let trust = TLSOptions.Trust.pem(server.authority.certificate.pem)
        #expect(try await server.get(TLSOptions(trust: trust)).status == 200)
        #expect(await code { _ = try await server.get(TLSOptions(trust: trust, minimumVersion: .tls13)) } == .tls)
    }

    @Test func showsItsCertificateWhenItHasOne() async throws {
        // The server's own pair serves as the client's: it only has to be shown.
        let server = try await TLSServer(
            names: ["localhost"], options: ["-Verify", "1", "-verify_quiet", "-CAfile", "@/ca.pem", "-tls1_2"])
        var tls = TLSOptions(trust: .pem(server.authority.certificate.pem))
        #expect(await code { _ = try await server.get(tls) } != nil)
        tls.clientCertificateFile = server.directory.file("cert.pem")
        tls.clientKeyFile = server.directory.file("key.pem")
        let page = String(decoding: try await server.get(tls).body, as: UTF8.self)
        #expect(page.contains("Client certificate"))
    }
}
