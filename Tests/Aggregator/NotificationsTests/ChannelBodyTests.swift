import HTTPClient
import JSON
import Model
import TestSupport
import Testing

@testable import Notifications

/// What receivers get, to the last member, over real HTTP.
@Suite(.timeLimit(.minutes(1))) struct ChannelBodyTests {
    private let links = DashboardLinks(base: "https://monitor")

    private func channel(_ kind: ChannelConfiguration.Kind) -> any Channel {
        ChannelConfiguration(name: "it", kind: kind, deadline: .seconds(5)).make(mail: MailClient(), links: links)
    }

    private func due(
        _ alerts: Alert..., acknowledgedBy: String? = nil, reference: String? = nil
    ) -> DueNotification {
        var content = NotificationContent(
            route: "default", groupKey: "{}:{x}", groupLabels: alerts[0].labels.keeping(["alertname", "cluster"]),
            alerts: alerts)
        content.acknowledgedBy = acknowledgedBy
        return DueNotification(id: 7, createdAt: Samples.start, content: content, reference: reference)
    }

    private func text(_ value: JSONValue) -> String { String(decoding: value.serialized(), as: UTF8.self) }

    // MARK: PagerDuty

    @Test func pagerDutyIsTriggeredAcknowledgedAndResolvedUnderOneKey() async throws {
        let http = try StubHTTPServer { _ in .json("{\"status\":\"success\"}", status: 202) }
        let pager = channel(
            .pagerDuty(PagerDutySettings(routingKey: .literal("R0UT1NG"), url: http.url + "/v2/enqueue")))
        #expect(await pager.send(due(Samples.alert(severity: "critical"))) == .delivered(202))
        #expect(await pager.send(due(Samples.alert(), acknowledgedBy: "alice")).result == .delivered)
        #expect(await pager.send(due(Samples.alert(state: .resolved))).result == .delivered)
        let requests = await http.waitForRequests(3)
        #expect(requests.allSatisfy { $0.method == "POST" && $0.target == "/v2/enqueue" })
        let bodies = try requests.map { try JSONValue(parsing: $0.body) }
        let key = try #require(bodies[0]["dedup_key"]?.string)
        #expect(key.hasPrefix("etcd-monitor-") && key.utf8.count <= 255)
        let labels =
            "{\"alertname\":\"EtcdLeaderChanged\",\"cluster\":\"prod-eu\",\"instance\":\"node-2:2379\",\"severity\":\"critical\"}"
        #expect(
            text(bodies[0])
                == """
                {"routing_key":"R0UT1NG","event_action":"trigger","dedup_key":"\(key)","client":"etcd-monitor",\
                "client_url":"https://monitor/clusters/prod-eu","payload":{"summary":"[critical] prod-eu: leader \
                changed: m2 leads prod-eu now.","source":"prod-eu","severity":"critical",\
                "timestamp":"2026-09-21T14:13:20.000Z","component":"etcd","group":"prod-eu","class":"EtcdLeaderChanged",\
                "custom_details":{"firing":1,"resolved":0,"alerts":[{"summary":"m2 leads prod-eu now.",\
                "action":"Look at the old leader.","labels":\(labels)}]}}}
                """)
        for (body, action) in zip(bodies.dropFirst(), ["acknowledge", "resolve"]) {
            #expect(
                text(body) == "{\"routing_key\":\"R0UT1NG\",\"event_action\":\"\(action)\",\"dedup_key\":\"\(key)\"}")
        }
    }

    @Test func pagerDutysRefusalIsToldWithoutTheKey() async throws {
        let http = try StubHTTPServer { _ in
            .json("{\"status\":\"invalid event\",\n\"errors\":[\"'routing_key' R0UT1NG is unknown\"]}", status: 400)
        }
        let pager = channel(.pagerDuty(PagerDutySettings(routingKey: .literal("R0UT1NG"), url: http.url)))
        let outcome = await pager.send(due(Samples.alert()))
        #expect(outcome.result == .failed && outcome.code == 400)
        let error = try #require(outcome.error)
        #expect(error.contains("invalid event") && error.contains("(hidden)") && !error.contains("R0UT1NG"))
        #expect(!error.contains("\n"))
    }

    // MARK: Alertmanager

    @Test func alertmanagerGetsPrometheussOwnShape() async throws {
        let servers = try (0..<2).map { number in
            try StubHTTPServer { _ in .answer(status: number == 0 ? 500 : 200) }
        }
        let channel = channel(
            .alertmanager(
                AlertmanagerSettings(
                    urls: servers.map { $0.url + "/am/" }, bearerToken: .literal("t0ken"), holdFor: .seconds(3600))))
        let outcome = await channel.send(due(Samples.alert(), Samples.alert(instance: "b", state: .resolved)))
        #expect(outcome.result == .delivered, "one of a cluster is enough")
        let request = try #require(servers[1].requests.first)
        #expect(request.target == "/am/api/v2/alerts" && request[header: "authorization"] == "Bearer t0ken")
        let annotations = "{\"action\":\"Look at the old leader.\",\"summary\":\"m2 leads prod-eu now.\"}"
        func labels(_ instance: String) -> String {
            "{\"alertname\":\"EtcdLeaderChanged\",\"cluster\":\"prod-eu\",\"instance\":\"\(instance)\",\"severity\":\"warning\"}"
        }
        let (first, second) = (Samples.alert(), Samples.alert(instance: "b"))
        #expect(
            request.text
                == """
                [{"labels":\(labels("node-2:2379")),"annotations":\(annotations),"startsAt":"2026-09-21T14:13:20.000Z",\
                "endsAt":"2026-09-21T15:13:20.000Z",\
                "generatorURL":"https://monitor/alerts?fingerprint=\(first.labels.fingerprint)"},\
                {"labels":\(labels("b")),"annotations":\(annotations),"startsAt":"2026-09-21T14:13:20.000Z",\
                "endsAt":"2026-09-21T14:14:20.000Z",\
                "generatorURL":"https://monitor/alerts?fingerprint=\(second.labels.fingerprint)"}]
                """)
        #expect(servers[0].requests.count == 1)
    }

    // MARK: Slack

    private static let attachment = """
        [{"color":"#d4a72c","fallback":"[warning] prod-eu: leader changed","blocks":[{"type":"section","text":\
        {"type":"mrkdwn","text":"*Warning:* m2 leads prod-eu now.\\n*What to do:* Look at the old leader.\\nSince \
        2026-09-21 14:13:20 UTC\\n`alertname=EtcdLeaderChanged cluster=prod-eu instance=node-2:2379 severity=warning`"}},\
        {"type":"context","elements":[{"type":"mrkdwn","text":"etcd-monitor; told by default"}]},\
        {"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Open in the dashboard"},\
        "url":"https://monitor/clusters/prod-eu"}]}]}]
        """

    @Test func slacksWebhookGetsBlocks() async throws {
        let http = try StubHTTPServer { _ in .text("ok") }
        let slack = channel(.slack(SlackSettings(way: .webhook(.literal(http.url + "/services/T0/B0/x")))))
        #expect(await slack.send(due(Samples.alert())) == .delivered(200))
        let request = try #require(http.requests.first)
        #expect(request.target == "/services/T0/B0/x" && request[header: "authorization"] == nil)
        #expect(
            request.text == "{\"text\":\"[warning] prod-eu: leader changed\",\"attachments\":\(Self.attachment)}")
        #expect(await slack.send(due(Samples.alert(state: .resolved))).result == .delivered)
        let end = try JSONValue(parsing: try #require(http.requests.last).body)
        #expect(end["text"]?.string == "[resolved] prod-eu: leader changed")
        #expect(end["attachments"]?[0]?["color"]?.string == "#1a7f37")
    }

    @Test func slacksBotKeepsOneMessageForAGroup() async throws {
        let http = try StubHTTPServer { request in
            let ts = request.target.hasSuffix("update") ? "1.1" : request.text.contains("thread_ts") ? "1.2" : "1.1"
            return .json("{\"ok\":true,\"channel\":\"C042\",\"ts\":\"\(ts)\"}")
        }
        let slack = channel(
            .slack(SlackSettings(way: .bot(token: .literal("xoxb-1"), channel: "#etcd"), apiURL: http.url + "/api/")))
        let first = await slack.send(due(Samples.alert()))
        #expect(first.reference == "C042 1.1")
        let again = await slack.send(due(Samples.alert(), reference: first.reference))
        #expect(again.reference == first.reference, "answers go below the first message")
        let taken = await slack.send(due(Samples.alert(), acknowledgedBy: "alice", reference: first.reference))
        #expect(taken.reference == first.reference)
        let end = await slack.send(due(Samples.alert(state: .resolved), reference: first.reference))
        #expect(end.result == .delivered && end.reference == nil)
        let requests = http.requests
        #expect(requests.allSatisfy { $0[header: "authorization"] == "Bearer xoxb-1" })
        #expect(
            requests.map(\.target) == [
                "/api/chat.postMessage", "/api/chat.postMessage", "/api/chat.update", "/api/chat.update",
            ])
        #expect(
            requests[0].text
                == "{\"channel\":\"#etcd\",\"text\":\"[warning] prod-eu: leader changed\",\"attachments\":\(Self.attachment)}"
        )
        #expect(requests[1].text.hasPrefix("{\"channel\":\"C042\",\"thread_ts\":\"1.1\",\"reply_broadcast\":true,"))
        #expect(requests[2].text.hasPrefix("{\"channel\":\"C042\",\"ts\":\"1.1\",\"text\":"))
        #expect(requests[2].text.contains("Taken up by alice."))
        #expect(requests[3].text.contains("[resolved]"))
    }

    @Test(arguments: [
        ("ratelimited", AttemptOutcome.Result.retry), ("internal_error", .retry), ("invalid_auth", .failed),
        ("not_in_channel", .failed),
    ]) func slacksWordDecides(_ word: String, _ expected: AttemptOutcome.Result) async throws {
        let http = try StubHTTPServer { _ in .json("{\"ok\":false,\"error\":\"\(word)\"}") }
        let slack = channel(
            .slack(SlackSettings(way: .bot(token: .literal("xoxb-1"), channel: "#etcd"), apiURL: http.url)))
        let outcome = await slack.send(due(Samples.alert()))
        #expect(outcome.result == expected && outcome.error == "Slack refused: \(word)")
    }

    @Test func aMessageThatIsGoneIsWrittenAnew() async throws {
        let http = try StubHTTPServer { request in
            request.target.hasSuffix("update")
                ? .json("{\"ok\":false,\"error\":\"message_not_found\"}")
                : .json("{\"ok\":true,\"channel\":\"C042\",\"ts\":\"2.1\"}")
        }
        let slack = channel(
            .slack(SlackSettings(way: .bot(token: .literal("xoxb-1"), channel: "#etcd"), apiURL: http.url)))
        let outcome = await slack.send(due(Samples.alert(state: .resolved), reference: "C042 1.1"))
        #expect(outcome.result == .delivered && http.requests.count == 2)
    }

    @Test func nothingInALabelFormatsAMessage() async throws {
        let http = try StubHTTPServer { _ in .text("ok") }
        let slack = channel(.slack(SlackSettings(way: .webhook(.literal(http.url)))))
        var alerts = (0..<60).map { Samples.alert(instance: "i\($0)") }
        alerts[0].annotations["summary"] = "<!channel> & <http://evil|x>"
        alerts[1].labels["x"] = "a`b"
        var notification = due(alerts[0])
        notification.content.alerts = alerts
        #expect(await slack.send(notification).result == .delivered)
        let body = try JSONValue(parsing: try #require(http.requests.first).body)
        let blocks = try #require(body["attachments"]?[0]?["blocks"]?.array)
        #expect(blocks.count <= 50)
        let texts = blocks.compactMap { $0["text"]?["text"]?.string }
        #expect(texts[0].contains("&lt;!channel&gt; &amp; &lt;http://evil|x&gt;") && texts[1].contains("x=a'b"))
        #expect(texts.last == "and 50 more")
    }

    // MARK: Answers

    @Test func aReceiverThatAsksForTimeGetsIt() {
        let now = Timestamp(milliseconds: 784_111_760_000)
        func outcome(_ status: Int, _ value: String?) -> AttemptOutcome {
            HTTPDelivery.outcome(
                of: HTTPResponse(status: status, headers: value.map { [("retry-after", $0)] } ?? []), hiding: [],
                now: now)
        }
        #expect(outcome(429, "30").retryAfter == .seconds(30) && outcome(429, "30").result == .retry)
        #expect(outcome(503, "Sun, 06 Nov 1994 08:49:37 GMT").retryAfter == .seconds(17))
        #expect(outcome(503, "soon").retryAfter == nil && outcome(500, nil).result == .retry)
        for status in [400, 401, 403, 404, 410, 422] { #expect(outcome(status, "30").result == .failed) }
        #expect(outcome(302, nil).error?.contains("redirects") == true)
    }
}
