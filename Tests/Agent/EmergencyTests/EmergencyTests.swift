import ConfigurationFile
import HTTPClient
import JSON
import Logging
import Model
import Synchronization
import TestSupport
import Testing

@testable import Emergency

private let bad = Circumstances(aggregatorTrouble: "refused", leaderless: ["m1": "it knows of no leader"])
private let fine = Circumstances(aggregatorTrouble: nil, leaderless: [:])

@Suite struct EmergencyWatchTests {
    private let start = ContinuousClock.now

    @Test func bothHaveToLast() {
        var watch = EmergencyWatch(after: .seconds(60), repeatEvery: .seconds(3600))
        #expect(watch.step(bad, at: start) == .nothing)
        #expect(watch.step(bad, at: start + .seconds(59)) == .nothing)
        // For a moment the aggregator was there.
        #expect(
            watch.step(Circumstances(aggregatorTrouble: nil, leaderless: bad.leaderless), at: start + .seconds(60))
                == .nothing)
        #expect(watch.step(bad, at: start + .seconds(61)) == .nothing)
        #expect(watch.step(bad, at: start + .seconds(120)) == .nothing)
        #expect(watch.step(bad, at: start + .seconds(121)) == .raise(bad))
    }

    @Test func eitherAloneIsTheOthersMatter() {
        var watch = EmergencyWatch(after: .seconds(5), repeatEvery: .seconds(3600))
        let away = Circumstances(aggregatorTrouble: "refused", leaderless: [:])
        let leaderless = Circumstances(aggregatorTrouble: nil, leaderless: ["m1": "it knows of no leader"])
        for seconds in 0..<100 {
            #expect(watch.step(seconds < 50 ? away : leaderless, at: start + .seconds(seconds)) == .nothing)
        }
    }

    @Test func itIsRepeatedAndEndsOnce() {
        var watch = EmergencyWatch(after: .seconds(5), repeatEvery: .seconds(600))
        _ = watch.step(bad, at: start)
        #expect(watch.step(bad, at: start + .seconds(5)) == .raise(bad))
        #expect(watch.step(bad, at: start + .seconds(604)) == .nothing)
        #expect(watch.step(bad, at: start + .seconds(605)) == .raise(bad))
        #expect(watch.step(fine, at: start + .seconds(606)) == .clear)
        #expect(watch.step(fine, at: start + .seconds(607)) == .nothing)
    }
}

@Suite(.timeLimit(.minutes(1))) struct EmergencyCallerTests {
    private let start = ContinuousClock.now

    private func caller(
        _ settings: EmergencySettings, _ circumstances: @escaping @Sendable () -> Circumstances
    ) -> EmergencyCaller {
        var settings = settings
        settings.after = .seconds(5)
        return EmergencyCaller(
            settings, cluster: "prod-eu", node: "node-1", aggregator: "https://monitor:8379",
            circumstances: { circumstances() }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func aWebhookIsToldOfBeginningAndEndUntilItTakesThem() async throws {
        let answers = Mutex([503, 200, 200])
        let http = try StubHTTPServer { _ in .answer(status: answers.withLock { $0.removeFirst() }) }
        let isBad = Mutex(true)
        let settings = EmergencySettings(webhook: .init(url: .plain(http.url + "/emergency")))
        let caller = caller(settings) { isBad.withLock { $0 } ? bad : fine }
        await caller.look(at: start)
        await caller.look(at: start + .seconds(5))
        await caller.look(at: start + .seconds(6))
        await caller.look(at: start + .seconds(30))
        isBad.withLock { $0 = false }
        await caller.look(at: start + .seconds(31))
        await caller.look(at: start + .seconds(90))
        let requests = await http.waitForRequests(3)
        let bodies = try requests.map { try JSONValue(parsing: $0.body) }
        #expect(bodies.map { $0["status"]?.string } == ["firing", "firing", "resolved"])
        #expect(bodies[0] == bodies[1], "another attempt says the same")
        let keys = requests.map { $0[header: "idempotency-key"] }
        #expect(keys[0] == keys[1] && keys[1] != keys[2] && keys[0] != nil)
        let alert = bodies[0]["alerts"]?[0]
        #expect(
            alert?["labels"]?["cluster"]?.string == "prod-eu" && alert?["labels"]?["severity"]?.string == "critical")
        #expect(alert?["annotations"]?["summary"]?.string?.contains("m1 has no leader") == true)
        #expect(alert?["annotations"]?["cause"]?.string?.contains("refused") == true)
        #expect(bodies[2]["alerts"]?[0]?["startsAt"] == alert?["startsAt"])
    }

    @Test func whoHeardOfNoBeginningHearsOfNoEnd() async throws {
        let http = try StubHTTPServer { _ in .answer(status: 503) }
        let isBad = Mutex(true)
        let settings = EmergencySettings(webhook: .init(url: .plain(http.url)))
        let caller = caller(settings) { isBad.withLock { $0 } ? bad : fine }
        await caller.look(at: start)
        await caller.look(at: start + .seconds(5))
        isBad.withLock { $0 = false }
        await caller.look(at: start + .seconds(60))
        await caller.look(at: start + .seconds(200))
        #expect(await http.waitForRequests(1).count == 1)
    }

    @Test func whoDoesNotTakeTheEndIsToldItForAnHour() async throws {
        let isBad = Mutex(true)
        let http = try StubHTTPServer { _ in .answer(status: isBad.withLock { $0 } ? 200 : 503) }
        let caller = caller(EmergencySettings(webhook: .init(url: .plain(http.url)))) {
            isBad.withLock { $0 } ? bad : fine
        }
        await caller.look(at: start)
        await caller.look(at: start + .seconds(5))
        isBad.withLock { $0 = false }
        await caller.look(at: start + .seconds(10))
        await caller.look(at: start + .seconds(3605))
        await caller.look(at: start + .seconds(10_000))
        #expect(http.requests.count == 3)
    }

    @Test func aMailIsPlainAndSevenBitClean() async throws {
        let smtp = try MailServerFixture()
        let odd = Circumstances(aggregatorTrouble: "größer\r\nBcc: all", leaderless: ["m1": "it knows of no leader"])
        let settings = EmergencySettings(
            mail: .init(
                recipients: ["oncall@example.com"], sender: "agent@example.com",
                server: SMTPServer(host: "127.0.0.1", port: smtp.port, security: .none)))
        let caller = caller(settings) { odd }
        await caller.look(at: start)
        await caller.look(at: start + .seconds(5))
        let mail = try #require(await smtp.waitForMails(1).first)
        #expect(mail.header("Subject") == "[critical] prod-eu: no leader, no aggregator (node-1)")
        #expect(mail.header("Bcc") == nil && mail.text.contains("m1: it knows of no leader"))
        #expect(mail.text.utf8.allSatisfy { $0 < 0x80 })
    }
}

@Suite struct EmergencySettingsTests {
    private func read(_ text: String) throws -> EmergencySettings {
        let problems = Problems()
        let settings = EmergencySettings(
            reading: MappingReader(try YAMLDocument(text, name: "agent.yaml").root, problems))
        try problems.throwIfAny()
        return settings
    }

    @Test func everythingIsRead() throws {
        let settings = try read(
            """
            after: 90s
            repeat: 2h
            webhook: {url_file: /etc/etcd-monitor/url}
            email: {to: [a@example.com], from: b@example.com, server: smtp.example.com, user: u, password_file: /p}
            """)
        #expect(settings.after == .seconds(90) && settings.repeatEvery == .seconds(7200))
        #expect(settings.mail?.server.port == 587 && settings.mail?.server.user == "u")
    }

    @Test(arguments: [
        ("after: 90s", "nobody hears of"), ("webhook: {}", "one URL"), ("webhook: {url: ftp://x}", "neither http"),
        ("email: {to: [a], from: b@example.com, server: s}", "not a mail address"),
        ("email: {to: [a@b.c], from: b@b.c, server: s, user: u}", "belong together"),
        ("email: {to: [a@b.c], from: b@b.c, server: s, user: u, password_file: /p, tls: none}", "in clear"),
    ])
    func whatIsWrongIsTold(_ text: String, _ words: String) {
        #expect { _ = try read(text) } throws: {
            "\($0)".contains(words) && "\($0)".contains("agent.yaml:1")
        }
    }
}
