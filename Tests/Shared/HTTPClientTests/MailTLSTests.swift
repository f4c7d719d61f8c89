import Cryptography
import Glibc
import HTTPClient
import TestSupport
import Testing

/// A mail server that really speaks TLS: a small Python program, its certificate from an authority of our own.
private struct TLSMailServer {
    let authority: CertificateAuthority
    let port: Int
    private let directory: TemporaryDirectory
    private let process: ChildProcess

    static let isPossible = access("/usr/bin/python3", X_OK) == 0

    init(_ mode: String) async throws {
        let now = Int64(time(nil))
        let names = [try #require(SubjectName("localhost"))]
        authority = try CertificateAuthority.make(name: "test", permitting: names, now: now)
        let issued = try authority.issueServerCertificate(for: names, now: now)
        directory = try TemporaryDirectory()
        let certificate = try directory.write(issued.certificate.pem, to: "cert.pem")
        let key = try directory.write(issued.keyPEM, to: "key.pem")
        // <root>/Tests/Shared/HTTPClientTests/<this file>
        let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        process = try await ChildProcess.start(
            "/usr/bin/python3", ["\(tests)/Fixtures/smtp/tls_mail_server.py", mode, certificate, key],
            output: directory.file("output"))
        var port: Int?
        while port == nil, process.exit == nil {
            await Task.yield()
            let first = process.output.split(separator: "\n", omittingEmptySubsequences: false)
            port = first.count > 1 ? Int(first[0].dropFirst("PORT ".count)) : nil
        }
        self.port = try #require(port, "\(process.output)")
    }

    var lines: [String] { process.output.split(separator: "\n").dropFirst().map(String.init) }

    func stop() async { await process.kill() }
}

@Suite(.timeLimit(.minutes(1)), .enabled(if: TLSMailServer.isPossible, "needs python3"))
struct MailTLSTests {
    private let message = MailMessage(
        sender: "monitor@example.com", recipients: ["a@example.com"], content: Array("Subject: x\r\n\r\ny\r\n".utf8))

    @Test(arguments: [SMTPServer.Security.startTLS, .implicit])
    func sendsPasswordAndMailOnlyUnderTLS(security: SMTPServer.Security) async throws {
        let stub = try await TLSMailServer(security == .implicit ? "implicit" : "starttls")
        let server = SMTPServer(
            host: "localhost", port: stub.port, security: security,
            tls: TLSOptions(trust: .pem(stub.authority.certificate.pem)), user: "monitor", password: "secret")
        try await MailClient().send(message, to: server, deadline: .seconds(20))
        await stub.stop()
        let plain = stub.lines.filter { $0.hasPrefix("plain") }.map { $0.split(separator: " ")[1] }
        #expect(plain == (security == .implicit ? [] : ["EHLO", "STARTTLS"]))
        #expect(stub.lines.contains("tls MAIL FROM:<monitor@example.com>"))
        #expect(stub.lines.contains { $0.hasPrefix("tls AUTH PLAIN ") })
        #expect(stub.lines.contains("tls Subject: x"))
    }

    @Test(arguments: [SMTPServer.Security.startTLS, .implicit])
    func sendsNothingToAServerItDoesNotTrust(security: SMTPServer.Security) async throws {
        let stub = try await TLSMailServer(security == .implicit ? "implicit" : "starttls")
        let stranger = try CertificateAuthority.make(name: "test", permitting: [], now: Int64(time(nil)))
        let server = SMTPServer(
            host: "localhost", port: stub.port, security: security,
            tls: TLSOptions(trust: .pem(stranger.certificate.pem)), user: "monitor", password: "secret")
        #expect(await code { try await MailClient().send(message, to: server, deadline: .seconds(20)) } == .tls)
        await stub.stop()
        #expect(!stub.lines.contains { $0.contains("AUTH") || $0.contains("MAIL") })
    }
}
