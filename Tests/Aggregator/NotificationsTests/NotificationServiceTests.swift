import HTTPClient
import JSON
import Logging
import Model
import Postgres
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import Notifications

/// The whole way from an alert to a receiver: real PostgreSQL, real SMTP and HTTP conversations.
@Suite(.enabled(if: PostgresFixture.unavailable == nil), .timeLimit(.minutes(3))) struct NotificationServiceTests {
    private let logger = Logger(label: "test")

    private func mail(_ server: MailServerFixture, name: String = "mail", deadline: Duration = .seconds(5))
        -> ChannelConfiguration
    {
        ChannelConfiguration(
            name: name,
            kind: .email(
                EmailSettings(
                    recipients: ["oncall@example.com"], sender: "monitor@example.com",
                    server: SMTPServer(host: "127.0.0.1", port: server.port, security: .none))),
            deadline: deadline)
    }

    private func hook(
        _ url: String, name: String = "hook", sendsResolved: Bool = true, token: SecretSource? = nil
    ) -> ChannelConfiguration {
        ChannelConfiguration(
            name: name, kind: .webhook(WebhookSettings(url: .literal(url), bearerToken: token)),
            sendsResolved: sendsResolved, deadline: .seconds(5))
    }

    private func service(
        _ pool: PostgresPool, _ channels: ChannelConfiguration..., timing: RouteTiming = quick,
        retryFor: Duration = .seconds(3600), logger: Logger? = nil
    ) -> NotificationService {
        NotificationService(
            pool: pool,
            configuration: NotificationConfiguration(
                channels: channels, routes: [Route(name: "default", channels: channels.map(\.name), timing: timing)],
                retryFor: retryFor),
            sealingKey: Samples.sealingKey, externalURL: "https://monitor.example.com", logger: logger ?? self.logger)
    }

    /// Nothing waits for company.
    private static let quick = RouteTiming(
        groupWait: .zero, groupInterval: .milliseconds(1), repeatInterval: .seconds(3600))

    private func tell(_ service: NotificationService, _ pool: PostgresPool, _ alerts: Alert...) async throws {
        try await pool.transaction { connection in
            try await service.enqueue(alerts, at: WallClock.system.now, in: connection)
        }
        service.committed()
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

    /// Waits for deliveries of which `isDone` holds.
    private func ledger(
        _ service: NotificationService, until isDone: ([DeliveryRecord]) -> Bool
    ) async throws -> [DeliveryRecord] {
        while true {
            let records = try await service.deliveries()
            if isDone(records) { return records }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func attempts(_ pool: PostgresPool) async throws -> [String] {
        try await pool.query("select outcome, code from delivery_attempt order by delivery_id, number").map { row in
            let code: Int? = try row["code"]
            return "\(try row["outcome", as: String.self]) \(code.map(String.init) ?? "-")"
        }
    }

    /// Makes every waiting delivery due: what a clock would do.
    private func makeDue(_ pool: PostgresPool) async throws {
        try await pool.execute("update delivery set next_attempt_at = to_timestamp(0) where status = 'waiting'")
        try await pool.notify(DeliveryLedger.wakeChannel)
    }

    // MARK: Delivered

    @Test func anAlertArrivesByMailAndByWebhook() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let smtp = try MailServerFixture()
            let http = try StubHTTPServer { _ in .answer(status: 200) }
            let service = service(pool, mail(smtp), hook(http.url + "/hook"))
            try await whileRunning(service) {
                try await tell(service, pool, Samples.alert(severity: "critical"))
                let mail = try #require(await smtp.waitForMails(1).first)
                #expect(mail.sender == "monitor@example.com" && mail.recipients == ["oncall@example.com"])
                #expect(mail.header("Subject") == "[critical] prod-eu: leader changed")
                #expect(mail.text.contains("text/plain") && mail.text.contains("text/html"))
                let request = try #require(await http.waitForRequests(1).first)
                let body = try JSONValue(parsing: request.body)
                #expect(body["version"]?.string == "4" && body["receiver"]?.string == "hook")
                #expect(request[header: "content-type"] == "application/json")
                let records = try await ledger(service) { $0.count == 2 && $0.allSatisfy { $0.status == .delivered } }
                #expect(Set(records.map(\.channel)) == ["mail", "hook"])
                #expect(records.allSatisfy { $0.attempts == 1 && $0.latency != nil })
                let byAlert = try await service.deliveries(of: [Samples.alert(severity: "critical").labels.fingerprint])
                #expect(byAlert.values.first?.map(\.channel) == ["hook", "mail"])
            }
        }
    }

    @Test func alertsOfOneNameAndClusterAreToldTogether() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let http = try StubHTTPServer { _ in .answer(status: 200) }
            let service = service(pool, hook(http.url))
            try await whileRunning(service) {
                try await tell(
                    service, pool, Samples.alert(instance: "a"), Samples.alert(instance: "b"),
                    Samples.alert(cluster: "other"))
                let bodies = try await http.waitForRequests(2).map { try JSONValue(parsing: $0.body) }
                let counts = bodies.map { body in
                    if case .array(let alerts)? = body["alerts"] { alerts.count } else { 0 }
                }
                #expect(counts.sorted() == [1, 2])
            }
        }
    }

    @Test func theEndIsToldOnceAndOnlyToWhoWantsIt() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let http = try StubHTTPServer { _ in .answer(status: 200) }
            let service = service(
                pool, hook(http.url + "/both", name: "both"),
                hook(http.url + "/firing", name: "firing", sendsResolved: false))
            try await whileRunning(service) {
                try await tell(service, pool, Samples.alert())
                _ = await http.waitForRequests(2)
                try await tell(service, pool, Samples.alert(state: .resolved))
                let requests = await http.waitForRequests(3)
                #expect(requests.map(\.target).sorted() == ["/both", "/both", "/firing"])
                let last = try JSONValue(parsing: requests[2].body)
                #expect(last["status"]?.string == "resolved")
                _ = try await ledger(service) { $0.count == 3 && $0.allSatisfy { $0.status == .delivered } }
            }
        }
    }

    @Test func whatStillFiresIsRepeatedAfterItsInterval() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let http = try StubHTTPServer { _ in .answer(status: 200) }
            let timing = RouteTiming(groupWait: .zero, groupInterval: .zero, repeatInterval: .milliseconds(200))
            let service = service(pool, hook(http.url), timing: timing)
            try await whileRunning(service) {
                try await tell(service, pool, Samples.alert())
                let requests = await http.waitForRequests(3)
                let keys = Set(requests.compactMap { $0[header: "idempotency-key"] })
                #expect(keys.count == 3, "each repetition is a notification of its own")
            }
        }
    }

    @Test func theSameAlertAnnouncedTwiceIsToldOnce() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let http = try StubHTTPServer { _ in .answer(status: 200) }
            let service = service(pool, hook(http.url))
            try await whileRunning(service) {
                try await tell(service, pool, Samples.alert())
                _ = await http.waitForRequests(1)
                try await tell(service, pool, Samples.alert())
                try await tell(service, pool, Samples.alert("Other"))
                _ = await http.waitForRequests(2)
                let records = try await ledger(service) { $0.count == 2 && $0.allSatisfy { $0.status == .delivered } }
                #expect(records.count == 2)
            }
        }
    }

    @Test func anAlertWithoutARouteIsToldToNobody() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let service = NotificationService(
                pool: pool, configuration: .none, sealingKey: Samples.sealingKey, externalURL: "", logger: logger)
            try await tell(service, pool, Samples.alert())
            #expect(try await pool.query("select 1 as one from notification_group").isEmpty)
        }
    }

    @Test func whatIsRolledBackIsNotTold() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            struct Failure: Error {}
            let http = try StubHTTPServer { _ in .answer(status: 200) }
            let service = service(pool, hook(http.url))
            await #expect(throws: Failure.self) {
                try await pool.transaction { connection in
                    try await service.enqueue([Samples.alert()], at: WallClock.system.now, in: connection)
                    throw Failure()
                }
            }
            try await whileRunning(service) {
                try await tell(service, pool, Samples.alert("Other"))
                let body = try JSONValue(parsing: try #require(await http.waitForRequests(1).first).body)
                #expect(body["groupLabels"]?["alertname"]?.string == "Other")
            }
        }
    }

    // MARK: Failures

    /// RFC 5321: 4xx is tried again, 5xx is not.
    @Test(arguments: [MailServerFixture.Step.mail, .recipient, .data, .message, .greeting])
    func aMailServerThatIsBusyIsAskedAgain(_ step: MailServerFixture.Step) async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let smtp = try MailServerFixture { at, conversation in
                at == step && conversation <= 2 ? .code(at == .greeting ? 421 : 451, "try later") : nil
            }
            let service = service(pool, mail(smtp))
            try await whileRunning(service) {
                try await tell(service, pool, Samples.alert())
                for attempt in 1...2 {
                    let records = try await ledger(service) {
                        ($0.first?.attempts ?? 0) >= attempt && $0.first?.error != nil
                    }
                    #expect(records.first?.status == .retrying)
                    try await makeDue(pool)
                }
                #expect(await smtp.waitForMails(1).count == 1)
                let records = try await ledger(service) { $0.first?.status == .delivered }
                #expect(records.first?.attempts == 3)
                let outcomes = try await attempts(pool)
                #expect(outcomes.count == 3 && outcomes.last == "delivered 250")
                #expect(outcomes.dropLast().allSatisfy { $0.hasPrefix("retry") })
            }
        }
    }

    @Test(arguments: [MailServerFixture.Step.mail, .recipient, .message])
    func aMailServerThatRefusesForGoodIsNotAskedAgain(_ step: MailServerFixture.Step) async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let smtp = try MailServerFixture { at, _ in at == step ? .code(550, "no such user") : nil }
            let service = service(pool, mail(smtp))
            try await whileRunning(service) {
                try await tell(service, pool, Samples.alert())
                let records = try await ledger(service) { $0.first?.status == .failed }
                #expect(records.first?.code == 550 && records.first?.attempts == 1)
                #expect(service.counts.givenUp == 1)
            }
        }
    }

    @Test func aMailServerThatHangsUpOrIsSilentIsAskedAgain() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let smtp = try MailServerFixture { at, conversation in
                switch (at, conversation) {
                case (.message, 1): .hangUp
                case (.ehlo, 2): .silence
                default: nil
                }
            }
            let service = service(pool, mail(smtp, deadline: .seconds(1)))
            try await whileRunning(service) {
                try await tell(service, pool, Samples.alert())
                for attempt in 1...2 {
                    _ = try await ledger(service) { ($0.first?.attempts ?? 0) >= attempt && $0.first?.error != nil }
                    try await makeDue(pool)
                }
                #expect(await smtp.waitForMails(1).count == 1)
            }
        }
    }

    @Test func theMailServersUserAndPasswordAreUsedAndStayHidden() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let directory = try TemporaryDirectory()
            let smtp = try MailServerFixture(user: "monitor", password: "hunter2-secret")
            let log = LogCapture()
            var settings = EmailSettings(
                recipients: ["a@example.com"], sender: "monitor@example.com",
                server: SMTPServer(host: "127.0.0.1", port: smtp.port, security: .none, user: "monitor"),
                password: .file(directory.file("password")))
            settings.server.clientName = "monitor.example.com"
            let channel = ChannelConfiguration(name: "mail", kind: .email(settings), deadline: .seconds(5))
            let service = service(pool, channel, logger: log.logger())
            try await whileRunning(service) {
                // No file, then a wrong one (5xx for good: a second alert), then the right one.
                try await tell(service, pool, Samples.alert())
                _ = try await ledger(service) { $0.first?.error?.contains("cannot read the secret") == true }
                try directory.write("wrong-secret\n", to: "password")
                try await makeDue(pool)
                _ = try await ledger(service) { $0.first?.status == .failed }
                try directory.write("hunter2-secret\n", to: "password")
                try await tell(service, pool, Samples.alert("Other"))
                #expect(await smtp.waitForMails(1).first?.user == "monitor")
            }
            let records = try await service.deliveries()
            let everything = log.entries.flatMap { [$0.message] + $0.metadata.values } + records.compactMap(\.error)
            #expect(!everything.contains { $0.contains("hunter2") || $0.contains("wrong-secret") })
        }
    }

    @Test(arguments: [
        (500, "retry"), (503, "retry"), (429, "retry"), (400, "failed"), (404, "failed"), (301, "failed"),
    ])
    func aWebhooksAnswerDecidesAboutAnotherAttempt(_ status: Int, _ expected: String) async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let http = try StubHTTPServer { _ in .answer(status: status) }
            let service = service(pool, hook(http.url))
            try await whileRunning(service) {
                try await tell(service, pool, Samples.alert())
                let records = try await ledger(service) { $0.first?.error != nil }
                #expect(records.first?.code == status)
                #expect(records.first?.status == (expected == "retry" ? .retrying : .failed))
                #expect(try await attempts(pool) == ["\(expected) \(status)"])
            }
        }
    }

    @Test func aWebhooksSecretsReachNeitherLogNorLedger() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let log = LogCapture()
            // Nobody listens on port 1.
            let channel = hook(
                "http://127.0.0.1:1/services/T0/B0/sekrit?key=also", token: .literal("bearer-sekrit"))
            let service = service(pool, channel, logger: log.logger())
            try await whileRunning(service) {
                try await tell(service, pool, Samples.alert())
                _ = try await ledger(service) { $0.first?.error != nil }
            }
            let records = try await service.deliveries()
            let everything = log.entries.flatMap { [$0.message] + $0.metadata.values } + records.compactMap(\.error)
            #expect(!everything.isEmpty && !everything.contains { $0.contains("sekrit") || $0.contains("also") })
        }
    }

    @Test func aDeliveryThatIsTooOldIsGivenUp() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let http = try StubHTTPServer { _ in .answer(status: 500) }
            let service = service(pool, hook(http.url), retryFor: .seconds(1))
            try await whileRunning(service) {
                try await tell(service, pool, Samples.alert())
                let records = try await ledger(service) { $0.first?.status == .failed }
                #expect(records.first?.attempts == 1 && records.first?.error != nil)
            }
        }
    }

    @Test func aChannelThatHangsDelaysNoOther() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let stuck = try StubHTTPServer { _ in .silence }
            let http = try StubHTTPServer { _ in .answer(status: 200) }
            let service = service(pool, hook(stuck.url, name: "stuck"), hook(http.url))
            try await whileRunning(service) {
                for name in ["A", "B", "C", "D"] { try await tell(service, pool, Samples.alert(name)) }
                #expect(await http.waitForRequests(4).count == 4)
            }
        }
    }

    @Test func nobodyHearsOfTheEndBeforeTheBeginning() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let failures = Mutex(1)
            let http = try StubHTTPServer { _ in
                let fails = failures.withLock { count in
                    defer { count -= 1 }
                    return count > 0
                }
                return .answer(status: fails ? 500 : 200)
            }
            let service = service(pool, hook(http.url))
            try await whileRunning(service) {
                try await tell(service, pool, Samples.alert())
                _ = try await ledger(service) { $0.first?.error != nil }
                try await tell(service, pool, Samples.alert(state: .resolved))
                _ = try await ledger(service) { $0.count == 2 }
                try await makeDue(pool)
                let statuses = try await http.waitForRequests(3).map {
                    try JSONValue(parsing: $0.body)["status"]?.string
                }
                #expect(statuses == ["firing", "firing", "resolved"])
            }
        }
    }

    // MARK: Restarts

    @Test func whatWasWaitingAtARestartIsDeliveredOnce() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let isBroken = Mutex(true)
            let http = try StubHTTPServer { _ in .answer(status: isBroken.withLock { $0 } ? 500 : 200) }
            let first = service(pool, hook(http.url))
            try await whileRunning(first) {
                try await tell(first, pool, Samples.alert())
                _ = try await ledger(first) { $0.first?.error != nil }
            }
            // Enqueued while no dispatcher runs.
            try await tell(first, pool, Samples.alert("Other"))
            isBroken.withLock { $0 = false }
            try await pool.execute("update delivery set next_attempt_at = to_timestamp(0)")
            let second = service(pool, hook(http.url))
            try await whileRunning(second) {
                _ = try await ledger(second) { $0.count == 2 && $0.allSatisfy { $0.status == .delivered } }
            }
            let third = service(pool, hook(http.url))
            try await whileRunning(third) {
                try await tell(third, pool, Samples.alert("Third"))
                _ = try await ledger(third) { $0.count == 3 && $0.allSatisfy { $0.status == .delivered } }
            }
            let names = try http.requests.map { try JSONValue(parsing: $0.body)["groupLabels"]?["alertname"]?.string }
            #expect(names.compactMap { $0 }.sorted() == ["EtcdLeaderChanged", "EtcdLeaderChanged", "Other", "Third"])
        }
    }

    @Test func stoppingInTheMiddleOfASendIsAnInterruptionAndTheNextStartSendsAgain() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let isStuck = Mutex(true)
            let http = try StubHTTPServer { _ in isStuck.withLock { $0 } ? .silence : .answer(status: 200) }
            let first = service(pool, hook(http.url))
            try await whileRunning(first) {
                try await tell(first, pool, Samples.alert())
                _ = await http.waitForRequests(1)
            }
            #expect(try await attempts(pool) == ["interrupted -"])
            isStuck.withLock { $0 = false }
            let second = service(pool, hook(http.url))
            try await whileRunning(second) {
                let records = try await ledger(second) { $0.first?.status == .delivered }
                #expect(records.first?.attempts == 2)
            }
            let keys = Set(http.requests.compactMap { $0[header: "idempotency-key"] })
            #expect(keys.count == 1, "a receiver can tell that it is the same notification")
        }
    }

    /// kill -9 while sending: the lease runs out, and another takes over.
    @Test func aDeadSendersLeaseRunsOut() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let http = try StubHTTPServer { _ in .answer(status: 200) }
            let service = service(pool, hook(http.url))
            let ledger = DeliveryLedger(pool: pool)
            try await tell(service, pool, Samples.alert())
            let now = WallClock.system.now
            let route = Route(name: "default", channels: ["hook"], timing: Self.quick)
            let flushed = FlushConfiguration(
                NotificationConfiguration(channels: [hook(http.url)], routes: [route]))
            #expect(try await ledger.flushOne(flushed, at: now + .seconds(1)))
            let later = now + .seconds(1)
            let claimed = try #require(try await ledger.claim(channel: "hook", at: later, lease: .seconds(30)))
            #expect(try await ledger.claim(channel: "hook", at: later + .seconds(29), lease: .seconds(30)) == nil)
            let again = try #require(
                try await ledger.claim(channel: "hook", at: later + .seconds(31), lease: .seconds(30)))
            #expect(again.id == claimed.id && again.attempt == 2)
            // The one that was thought dead says no; the one that took over says yes: yes counts.
            try await ledger.record(
                AttemptOutcome(result: .failed, code: 400, error: "late"), of: claimed, took: .zero, next: nil,
                at: later)
            try await ledger.record(.delivered(200), of: again, took: .zero, next: nil, at: later + .seconds(32))
            #expect(try await service.deliveries().map(\.status) == [.delivered])
        }
    }

    @Test func twoAggregatorsDeliverEverythingOnce() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let http = try StubHTTPServer { _ in .answer(status: 200) }
            let first = service(pool, hook(http.url))
            let second = service(pool, hook(http.url))
            try await whileRunning(first) {
                try await whileRunning(second) {
                    for number in 0..<20 { try await tell(first, pool, Samples.alert("Alert\(number)")) }
                    _ = try await ledger(first) { $0.count == 20 && $0.allSatisfy { $0.status == .delivered } }
                }
            }
            #expect(http.requests.count == 20)
        }
    }

    @Test func whatWaitsForAChannelThatIsGoneIsGivenUp() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let http = try StubHTTPServer { _ in .answer(status: 500) }
            let first = service(pool, hook(http.url, name: "old"))
            try await whileRunning(first) {
                try await tell(first, pool, Samples.alert())
                _ = try await ledger(first) { $0.first?.error != nil }
            }
            let second = service(pool, hook(http.url, name: "new"))
            try await whileRunning(second) {
                let records = try await ledger(second) { $0.first?.status == .failed }
                #expect(records.first?.error == "the channel is no longer configured")
            }
        }
    }

    @Test func aTestMessageSaysThatNothingIsWrong() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let smtp = try MailServerFixture()
            let service = service(pool, mail(smtp))
            let test = try await service.test(channel: "mail", by: "alice")
            #expect(test.isDelivered && test.code == 250 && test.error == nil)
            #expect(smtp.mails.first?.text.contains("Nothing is wrong") == true)
            await #expect(throws: NotificationsError.self) { _ = try await service.test(channel: "x", by: "alice") }
            let again = await #expect(throws: NotificationsError.self) {
                _ = try await service.test(channel: "mail", by: "alice")
            }
            #expect(again?.code == .tooMany && again?.retryAfter != nil)
        }
    }
}
