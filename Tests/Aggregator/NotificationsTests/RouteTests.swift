import ConfigurationFile
import HTTPClient
import Model
import Testing

@testable import Notifications

@Suite struct RouteTests {
    @Test func theFirstRouteThatMatchesCounts() {
        let routes = [
            Route(name: "a", matchers: ["severity": ["critical"]], channels: ["x"]),
            Route(name: "b", matchers: ["cluster": ["prod", "test"]], channels: ["y"], continues: true),
            Route(name: "c", channels: ["z"]),
        ]
        #expect(routes.matching(["severity": "critical", "cluster": "prod"]).map(\.name) == ["a"])
        #expect(routes.matching(["severity": "warning", "cluster": "test"]).map(\.name) == ["b", "c"])
        #expect(routes.matching(["severity": "warning"]).map(\.name) == ["c"])
        #expect(Array(routes.prefix(2)).matching(["severity": "info"]).isEmpty)
    }

    @Test func aNewCriticalAlertIsToldAtOnceAndOthersWaitForTheInterval() {
        let timing = RouteTiming()
        let now = Timestamp(milliseconds: 1_000_000)
        #expect(timing.flush(at: now, lastSentAt: nil, isNewCritical: true) == now)
        #expect(timing.flush(at: now, lastSentAt: now - .seconds(1), isNewCritical: true) == now)
        #expect(timing.flush(at: now, lastSentAt: nil, isNewCritical: false) == now + .seconds(1))
        #expect(timing.flush(at: now, lastSentAt: now - .seconds(10), isNewCritical: false) == now + .seconds(20))
        #expect(timing.flush(at: now, lastSentAt: now - .seconds(99), isNewCritical: false) == now + .seconds(1))
    }
}

@Suite struct RetryPolicyTests {
    private let policy = RetryPolicy(retryFor: .seconds(3600))
    private let start = Timestamp(milliseconds: 1_000_000)

    @Test func waitsDoubleUpToFiveMinutes() {
        let waits = (1...10).map { attempt in
            policy.next(after: attempt, createdAt: start, now: start, asked: nil, jitter: 1).map { $0 - start }
        }
        #expect(waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map { .seconds($0) })
        #expect(policy.next(after: 100, createdAt: start, now: start, asked: nil, jitter: 1) == start + .seconds(300))
    }

    @Test func theReceiversWishIsHeard() {
        #expect(
            policy.next(after: 1, createdAt: start, now: start, asked: .seconds(60), jitter: 1) == start + .seconds(60))
    }

    @Test func givesUpWhenTooOld() {
        let late = start + .seconds(3599)
        #expect(policy.next(after: 3, createdAt: start, now: late, asked: nil, jitter: 1) == nil)
    }
}

@Suite struct NotificationConfigurationTests {
    private func read(_ text: String) throws -> NotificationConfiguration {
        let document = try YAMLDocument(text, name: "aggregator.yaml")
        let problems = Problems()
        let configuration = NotificationConfiguration(reading: MappingReader(document.root, problems))
        try problems.throwIfAny()
        return configuration
    }

    private func errors(_ text: String) -> String {
        do {
            _ = try read(text)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func everythingIsRead() throws {
        let configuration = try read(
            """
            retry_for: 2h
            group_wait: 3s
            channels:
              - name: oncall
                send_resolved: false
                email:
                  to: [a@example.com, b@example.com]
                  from: monitor@example.com
                  server: smtp.example.com
                  user: monitor
                  password_file: /etc/secret
                  ca_file: /etc/ca.pem
              - name: chat
                webhook: {url_env: CHAT_URL, bearer_token_file: /etc/token}
            routes:
              - match: {severity: critical, cluster: [prod-eu, prod-us]}
                channels: [oncall, chat]
                repeat_interval: 30m
            default: {channels: [chat]}
            """)
        #expect(configuration.retryFor == .seconds(7200))
        #expect(configuration.channels.map(\.name) == ["oncall", "chat"])
        guard case .email(let email) = configuration.channels[0].kind,
            case .webhook(let webhook) = configuration.channels[1].kind
        else {
            Issue.record("kinds are mixed up")
            return
        }
        #expect(email.recipients.count == 2 && email.server.port == 587 && email.server.security == .startTLS)
        #expect(email.password == .file("/etc/secret") && email.server.password == nil)
        #expect(webhook.url == .environment("CHAT_URL") && webhook.bearerToken == .file("/etc/token"))
        #expect(configuration.routes.map(\.name) == ["route 1", "default"])
        #expect(configuration.routes[0].matchers == ["severity": ["critical"], "cluster": ["prod-eu", "prod-us"]])
        #expect(configuration.routes[0].timing.repeatInterval == .seconds(1800))
        #expect(configuration.routes[1].timing.groupWait == .seconds(3))
    }

    @Test func withoutRoutesEveryChannelIsToldEverything() throws {
        let configuration = try read("channels:\n  - name: hook\n    webhook: {url: 'http://127.0.0.1:9/x'}\n")
        #expect(configuration.routes.map(\.channels) == [["hook"]])
    }

    @Test func nothingConfiguredIsNobody() throws {
        let configuration = try read("{}")
        #expect(configuration.channels.isEmpty && configuration.routes.isEmpty)
    }

    @Test(arguments: [
        ("channels: [{name: a}]", "not of one kind"),
        ("channels: [{name: a, webhook: {}}]", "a webhook has one URL"),
        ("channels: [{name: a, webhook: {url: 'ftp://x'}}]", "neither http:// nor https://"),
        ("channels: [{name: a, webhook: {url: 'http://x', urll: y}}]", "unknown key \"urll\""),
        ("channels: [{name: a, email: {from: a@b, server: 'x:25', tls: none}}]", "\"to\" is missing"),
        (
            "channels: [{name: a, email: {to: [\"a@b\\r\\nBcc: c@d\"], from: a@b, server: 'x:25'}}]",
            "not a mail address"
        ),
        ("channels: [{name: a, email: {to: [a@b], from: a@b, server: 'x', user: u}}]", "belong together"),
        (
            "channels: [{name: a, email: {to: [a@b], from: a@b, server: 'x', tls: none, user: u, password_env: P}}]",
            "in clear"
        ),
        ("default: {channels: [nobody]}", "which is no channel"),
        (
            "channels: [{name: chat, webhook: {url: 'http://x'}}]\nroutes: [{channels: [chta]}]",
            "did you mean \"chat\"?"
        ),
    ]) func mistakesAreTold(_ text: String, _ part: String) {
        #expect(errors(text).contains(part), "\(errors(text))")
    }

    @Test func secretsNeverPrint() {
        #expect("\(SecretSource.literal("hunter2"))" == "(hidden)")
        #expect("\(SecretSource.file("/etc/secret"))" == "file /etc/secret")
    }
}
