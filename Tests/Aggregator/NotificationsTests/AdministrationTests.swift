import JSON
import Logging
import Model
import Postgres
import SeriesQuery
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import Notifications

/// Channels and routes that administrators make, in a real database.
@Suite(.enabled(if: PostgresFixture.unavailable == nil), .timeLimit(.minutes(5))) struct AdministrationTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func service(
        _ pool: PostgresPool, _ configuration: NotificationConfiguration = .none,
        key: SealingKey = Samples.sealingKey
    ) async throws -> NotificationService {
        let service = NotificationService(
            pool: pool, configuration: configuration, sealingKey: key, externalURL: "", logger: logger)
        try await service.load()
        return service
    }

    private func hook(_ url: String, name: String = "hook", fallback: String? = nil) -> ChannelDraft {
        ChannelDraft(
            name: name, kind: "webhook", settings: [:], secrets: ["url": url],
            fallback: fallback.map { .init(channel: $0) })
    }

    private func whileRunning(_ service: NotificationService, body: () async throws -> Void) async throws {
        let group = ServiceGroup(configuration: .init(services: [.init(service: service)], logger: logger))
        async let running: Void = group.run()
        do {
            try await body()
            await group.triggerGracefulShutdown()
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        try await running
    }

    private func tell(_ service: NotificationService, _ pool: PostgresPool, _ alerts: Alert...) async throws {
        try await pool.transaction { connection in
            try await service.enqueue(alerts, at: WallClock.system.now, in: connection)
        }
        service.committed()
    }

    @Test func aChannelMadeWhileItRunsIsTold() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let http = try StubHTTPServer { _ in .answer(status: 200) }
            let service = try await service(pool)
            try await whileRunning(service) {
                let status = try await service.saveChannel(hook(http.url + "/a/token"), by: "alice")
                #expect(status.stored?.author == "alice" && status.stored?.secretNames == ["url"])
                #expect(status.configuration.target == http.url, "where it stands, not the token")
                try await tell(service, pool, Samples.alert())
                #expect(await http.waitForRequests(1).first?.target == "/a/token")
            }
        }
    }

    @Test func secretsAreSealedAndKeptUnlessGivenAnew() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let service = try await service(pool)
            var draft = hook("https://chat.example.com/sekrit")
            draft.secrets["bearer_token"] = "also-sekrit"
            _ = try await service.saveChannel(draft, by: "alice")
            let rows = try await pool.query("select document::text || secrets::text as all, sealed from channel")
            let row = try #require(rows.first)
            let (text, sealed): (String, [UInt8]) = (try row["all"], try row["sealed"])
            #expect(!text.contains("sekrit") && !String(decoding: sealed, as: UTF8.self).contains("sekrit"))
            draft.secrets = ["bearer_token": ""]
            let status = try await service.saveChannel(draft, by: "bob")
            #expect(status.stored?.secretNames == ["url"])
            guard case .webhook(let settings) = status.configuration.kind else { Issue.record("no webhook"); return }
            #expect(try settings.url.read() == "https://chat.example.com/sekrit" && settings.bearerToken == nil)
        }
    }

    @Test func anotherKeyOpensNothingAndSaysSo() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let first = try await service(pool)
            _ = try await first.saveChannel(hook("https://chat.example.com/x"), by: "alice")
            let other = try await service(pool, key: SealingKey([UInt8](repeating: 8, count: 32)))
            let test = try await other.test(channel: "hook", by: "bob")
            #expect(!test.isDelivered && test.error?.contains("enter them again") == true)
            var draft = hook("https://chat.example.com/y")
            draft.secrets = [:]
            await #expect(throws: NotificationsError.self) { _ = try await other.saveChannel(draft, by: "bob") }
            _ = try await other.saveChannel(hook("https://chat.example.com/y"), by: "bob")
        }
    }

    @Test func aSecretIsNotSentWhereItWasNotMeantToGo() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let service = try await service(pool)
            func save(_ urls: JSONValue, holdFor: JSONValue = "24h", _ secrets: [String: String] = [:]) async throws {
                let settings: JSONValue = ["urls": urls, "hold_for": holdFor]
                _ = try await service.saveChannel(
                    ChannelDraft(name: "am", kind: "alertmanager", settings: settings, secrets: secrets), by: "alice")
            }
            try await save(["https://am.example.com"], ["bearer_token": "sekrit"])
            try await save(["https://am.example.com"], holdFor: "48h")
            await #expect {
                try await save(["https://evil.example.com"])
            } throws: {
                "\($0)".contains("enter its secrets again, or \"\" for none: bearer_token")
            }
            try await save(["https://other.example.com"], ["bearer_token": "for-other"])
            try await save(["https://evil.example.com"], ["bearer_token": ""])
            #expect(try await service.channelStatuses().first?.stored?.secretNames == [])

            var draft = hook("https://chat.example.com")
            draft.secrets["bearer_token"] = "sekrit"
            _ = try await service.saveChannel(draft, by: "alice")
            await #expect(throws: NotificationsError.self, "its address is a secret too") {
                _ = try await service.saveChannel(hook("https://evil.example.com"), by: "alice")
            }
            let slack = ChannelDraft(name: "hook", kind: "slack", settings: [:])
            await #expect(throws: NotificationsError.self, "a secret of the same name of another kind is another") {
                _ = try await service.saveChannel(slack, by: "alice")
            }
        }
    }

    @Test func aTestThatFailsIsToldToTheFallback() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let http = try StubHTTPServer { $0.target == "/broken" ? .answer(status: 500) : .answer(status: 200) }
            let service = try await service(pool)
            _ = try await service.saveChannel(hook(http.url + "/good", name: "good"), by: "alice")
            _ = try await service.saveChannel(hook(http.url + "/broken", fallback: "good"), by: "alice")
            let test = try await service.test(channel: "hook", by: "bob")
            #expect(!test.isDelivered && test.code == 500)
            #expect(test.fallback?.channel == "good" && test.fallback?.isDelivered == true)
            let told = String(decoding: await http.waitForRequests(2)[1].body, as: UTF8.self)
            #expect(told.contains("A test of hook, asked for by bob, failed"))
        }
    }

    @Test func whatCannotBeIsRefused() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let file = NotificationConfiguration(
                channels: [
                    ChannelConfiguration(name: "file", kind: .webhook(WebhookSettings(url: .literal("https://y"))))
                ], routes: [])
            let service = try await service(pool, file)
            let mail: JSONValue = ["to": ["a@b.c"], "from": "a@b.c", "server": "s", "user": "u"]
            for (name, kind, settings, secrets, words) in [
                ("a b", "webhook", [:], ["url": "https://x"], "name of a channel"),
                ("x", "fax", [:], [:], "'kind' must be"),
                ("x", "webhook", [:], ["url": "file:///etc/passwd"], "neither http"),
                ("x", "webhook", [:], ["password": "p"], "has no secret 'password'"),
                ("x", "webhook", ["url_file": "/etc/shadow"], [:], "belongs into the configuration file"),
                ("x", "webhook", ["url": "https://x"], [:], "is a secret"),
                ("x", "email", mail, [:], "belong together"),
                ("x", "alertmanager", ["urls": ["nowhere"]], [:], "neither http"),
                ("x", "alertmanager", ["urls": ["https://u:p@am.example.com"]], [:], "holds a user or password"),
                ("x", "pagerduty", [:], [:], "routing_key"),
                ("x", "pagerduty", ["colour": 1], ["routing_key": "k"], "unknown key"),
                ("file", "webhook", [:], ["url": "https://x"], "configuration file"),
            ] as [(String, String, JSONValue, [String: String], String)] {
                let draft = ChannelDraft(name: name, kind: kind, settings: settings, secrets: secrets)
                await #expect {
                    _ = try await service.saveChannel(draft, by: "alice")
                } throws: { error in
                    "\(error)".contains(words)
                }
            }
            #expect(try await pool.query("select from channel").isEmpty)
        }
    }

    @Test func routesCanBeSetAndWhatFiresGoesTheNewWay() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let http = try StubHTTPServer { _ in .answer(status: 200) }
            let service = try await service(pool)
            _ = try await service.saveChannel(hook(http.url + "/a", name: "a"), by: "alice")
            _ = try await service.saveChannel(hook(http.url + "/b", name: "b"), by: "alice")
            #expect(service.routing.source == .implied)
            let routing = try await service.setRoutes(
                [
                    Route(name: "critical", matchers: ["severity": ["critical"]], channels: ["a"]),
                    Route(name: "rest", channels: ["b"], timing: RouteTiming(repeatInterval: .seconds(7200))),
                ], by: "alice")
            #expect(routing.source == .database && routing.author == "alice")
            #expect(routing.routes.map(\.name) == ["critical", "rest"])
            #expect(routing.routes[0].matches(["severity": "critical"]) && !routing.routes[0].matches([:]))
            #expect(routing.routes[1].timing.repeatInterval == .seconds(7200))
            await #expect(throws: NotificationsError.self) { try await service.deleteChannel("b") }
            try await whileRunning(service) {
                try await tell(service, pool, Samples.alert())
                #expect(await http.waitForRequests(1).map(\.target) == ["/b"])
                _ = try await service.setRoutes([Route(name: "all", channels: ["a"])], by: "bob")
                // Its route is gone: it is told where it would go now.
                try await pool.execute("update notification_group set flush_at = to_timestamp(0)")
                try await pool.notify(DeliveryLedger.wakeChannel)
                #expect(await http.waitForRequests(2).map(\.target) == ["/b", "/a"])
            }
            #expect(try await service.resetRoutes().source == .implied)
            try await service.deleteChannel("b")
            #expect(try await service.channelStatuses().map(\.configuration.name) == ["a"])
        }
    }

    @Test func routesNameChannelsThatAreThere() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let service = try await service(pool)
            _ = try await service.saveChannel(hook("https://x"), by: "alice")
            for routes in [
                [], [Route(name: "a", channels: [])], [Route(name: "a", channels: ["no"])],
                [Route(name: "a", channels: ["hook"]), Route(name: "a", channels: ["hook"])],
            ] {
                await #expect(throws: NotificationsError.self) { _ = try await service.setRoutes(routes, by: "alice") }
            }
        }
    }

    @Test func anotherAggregatorTakesItOver() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let http = try StubHTTPServer { _ in .answer(status: 200) }
            let (one, other) = (try await service(pool), try await service(pool))
            try await whileRunning(other) {
                _ = try await one.saveChannel(hook(http.url), by: "alice")
                try await pool.transaction { connection in
                    try await one.enqueue([Samples.alert()], at: WallClock.system.now, in: connection)
                }
                #expect(await http.waitForRequests(1).count == 1)
            }
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct HeartbeatTests {
    @Test func itBeatsOnlyWhileAllIsWell() async throws {
        let http = try StubHTTPServer { $0.target == "/beat" ? .answer(status: 200) : .answer(status: 500) }
        let trouble = ManualTrouble()
        let heart = HeartbeatService(
            HeartbeatConfiguration(url: .literal(http.url + "/beat"), bearerToken: .literal("sekrit")),
            trouble: { trouble.words }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await heart.beat()
        #expect(heart.status.lastBeat != nil && heart.status.trouble == nil)
        trouble.words = "no rule was evaluated"
        await heart.beat()
        #expect(heart.status.trouble == "left out: no rule was evaluated")
        trouble.words = nil
        await heart.beat()
        #expect(heart.status.trouble == nil)
        let requests = await http.waitForRequests(2)
        #expect(requests.count == 2 && requests[0][header: "authorization"] == "Bearer sekrit")
    }

    @Test func whyItDoesNotBeatIsKnownWithoutTheURL() async throws {
        let http = try StubHTTPServer { _ in .answer(status: 404) }
        let heart = HeartbeatService(
            HeartbeatConfiguration(url: .literal(http.url + "/tok-en")), trouble: { nil },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await heart.beat()
        #expect(heart.status.lastBeat == nil && heart.status.trouble?.contains("404") == true)
        #expect(heart.status.trouble?.contains("tok-en") == false)
    }
}

/// What tests let be wrong.
private final class ManualTrouble: Sendable {
    private let slot = Mutex<String?>(nil)

    var words: String? {
        get { slot.withLock { $0 } }
        set { slot.withLock { $0 = newValue } }
    }
}
