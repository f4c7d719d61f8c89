import HTTPClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct MailTests {
    let client = MailClient()
    let message = MailMessage(
        sender: "monitor@example.com", recipients: ["a@example.com", "b@example.com"],
        content: Array("Subject: leader changed\r\n\r\nfirst\r\n.hidden dot\r\n".utf8))

    func server(_ stub: StubSMTPServer, _ security: SMTPServer.Security = .none) -> SMTPServer {
        SMTPServer(host: "127.0.0.1", port: stub.port, security: security, clientName: "monitor.example.com")
    }

    @Test func handsOverAnEnvelopeAndAMessage() async throws {
        let stub = try StubSMTPServer()
        try await client.send(message, to: server(stub), deadline: .seconds(10))
        #expect(
            stub.lines.prefix(5) == [
                "EHLO monitor.example.com", "MAIL FROM:<monitor@example.com>", "RCPT TO:<a@example.com>",
                "RCPT TO:<b@example.com>", "DATA",
            ])
        #expect(stub.mails == [["Subject: leader changed", "", "first", "..hidden dot"]])
    }

    @Test(arguments: [("RCPT", 550), ("MAIL", 451), ("DATA", 554), (".", 452)])
    func tellsTheServersAnswerWhenItRefuses(command: String, answer: Int) async throws {
        let stub = try StubSMTPServer(answers: [command: "\(answer) no"])
        do {
            try await client.send(message, to: server(stub), deadline: .seconds(10))
            Issue.record("the mail was taken")
        } catch {
            #expect(error.code == .rejected && error.answer == answer, "\(error)")
        }
    }

    @Test func doesNotSendWithoutTheTLSItWasTold() async throws {
        let stub = try StubSMTPServer()
        #expect(
            await code { try await client.send(message, to: server(stub, .startTLS), deadline: .seconds(10)) } == .tls)
        #expect(stub.mails.isEmpty && !stub.lines.contains { $0.hasPrefix("MAIL") })
    }

    @Test func signsIn() async throws {
        let stub = try StubSMTPServer(answers: ["AUTH": "235 welcome"], extensions: ["AUTH PLAIN"])
        var server = server(stub)
        (server.user, server.password) = ("monitor", "secret")
        try await client.send(message, to: server, deadline: .seconds(10))
        #expect(stub.lines.contains { $0.hasPrefix("AUTH PLAIN") })
        let refusing = try StubSMTPServer(answers: ["AUTH": "535 no"], extensions: ["AUTH PLAIN"])
        server.port = refusing.port
        #expect(await code { try await client.send(message, to: server, deadline: .seconds(10)) } == .rejected)
    }

    @Test func givesUpAtItsDeadline() async throws {
        let stub = try StubSMTPServer(answers: ["MAIL": ""])
        #expect(
            await code { try await client.send(message, to: server(stub), deadline: .milliseconds(200)) } == .timeout)
    }

    @Test(arguments: ["a@b>\r\nRCPT TO:<c@d", "a b", "<a@b>", "a\n@b"]) func refusesAddressesThatAreMore(
        address: String
    ) async throws {
        let stub = try StubSMTPServer()
        var message = message
        message.recipients = [address]
        #expect(
            await code { try await client.send(message, to: server(stub), deadline: .seconds(10)) } == .invalidRequest)
        message.recipients = []
        #expect(
            await code { try await client.send(message, to: server(stub), deadline: .seconds(10)) } == .invalidRequest)
        #expect(stub.lines.isEmpty)
    }
}
