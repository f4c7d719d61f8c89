import FoundationEssentials
import JSON
import HTTPClient
import Model
import Testing

@testable import Notifications

/// Alerts for tests.
enum Samples {
    static let start = Timestamp(milliseconds: 1_790_000_000_000)
    static let sealingKey = SealingKey([UInt8](repeating: 7, count: 32))

    static func alert(
        _ name: String = "EtcdLeaderChanged", cluster: String = "prod-eu", instance: String = "node-2:2379",
        severity: String = "warning", state: Alert.State = .firing, at: Timestamp = start
    ) -> Alert {
        Alert(
            labels: ["alertname": name, "cluster": cluster, "instance": instance, "severity": severity],
            annotations: ["summary": "m2 leads \(cluster) now.", "action": "Look at the old leader."], state: state,
            value: 1, activeAt: at - .seconds(10), firedAt: at, resolvedAt: state == .resolved ? at + .seconds(60) : nil
        )
    }

    static func content(_ alerts: Alert...) -> NotificationContent {
        NotificationContent(
            route: "default", groupKey: "{}/{}:{alertname=\"EtcdLeaderChanged\", cluster=\"prod-eu\"}",
            groupLabels: [
                "alertname": alerts[0].labels["alertname"] ?? "", "cluster": alerts[0].labels["cluster"] ?? "",
            ],
            alerts: alerts)
    }
}

@Suite struct FingerprintTests {
    /// FNV-1a by Python, over the bytes that Prometheus's `LabelSet.Fingerprint` hashes.
    @Test func fingerprintsArePrometheuss() {
        #expect(Labels().fingerprint == "cbf29ce484222325")
        #expect((["alertname": "Down", "instance": "m1"] as Labels).fingerprint == "c9b96480a16fed07")
        #expect((["a": "é", "b": ""] as Labels).fingerprint == "0019cb2f2449a23e")
    }
}

@Suite struct AlertmanagerBodyTests {
    @Test func theBodyIsAlertmanagersVersionFour() throws {
        let content = Samples.content(Samples.alert(), Samples.alert(instance: "node-3:2379", state: .resolved))
        let body = AlertmanagerBody.make(
            content, receiver: "hook", externalURL: "https://monitor", generatorURL: { "https://g/\($0.labels.count)" })
        let json = try JSONValue(parsing: body)
        guard case .object(let members) = json else {
            Issue.record("not an object")
            return
        }
        #expect(
            members.map(\.0) == [
                "receiver", "status", "alerts", "groupLabels", "commonLabels", "commonAnnotations", "externalURL",
                "version",
                "groupKey", "truncatedAlerts",
            ])
        #expect(json["version"]?.string == "4" && json["status"]?.string == "firing")
        #expect(json["groupKey"]?.string == content.groupKey && json["receiver"]?.string == "hook")
        #expect(json["commonLabels"]?["cluster"]?.string == "prod-eu" && json["commonLabels"]?["instance"] == nil)
        #expect(json["commonAnnotations"]?["summary"]?.string == "m2 leads prod-eu now.")
        guard case .array(let alerts)? = json["alerts"], alerts.count == 2 else {
            Issue.record("two alerts expected")
            return
        }
        #expect(alerts[0]["status"]?.string == "firing" && alerts[1]["status"]?.string == "resolved")
        #expect(alerts[0]["startsAt"]?.string == "2026-09-21T14:13:20.000Z")
        #expect(alerts[0]["endsAt"]?.string == "0001-01-01T00:00:00Z")
        #expect(alerts[1]["endsAt"]?.string == "2026-09-21T14:14:20.000Z")
        #expect(alerts[0]["fingerprint"]?.string == Samples.alert().labels.fingerprint)
        #expect(alerts[0]["generatorURL"]?.string == "https://g/4")
    }

    @Test func whatIsStoredReadsBackTheSame() throws {
        var strange = Samples.alert()
        strange.value = .nan
        strange.labels["x"] = "\"quotes\" and \u{1F525}\n"
        for content in [Samples.content(Samples.alert(state: .resolved)), Samples.content(strange)] {
            let back = try NotificationContent(json: content.json)
            #expect(back.json == content.json)
            #expect(back.alerts.map(\.labels) == content.alerts.map(\.labels))
        }
    }
}

@Suite struct MessageTextTests {
    private let links = DashboardLinks(base: "https://monitor.example.com:8379/")

    private func text(_ alerts: Alert...) -> MessageText {
        let first = alerts[0]
        return MessageText(
            content: NotificationContent(
                route: "default", groupKey: "k", groupLabels: first.labels.keeping(["alertname", "cluster"]),
                alerts: alerts), links: links)
    }

    @Test func subjectsSayHowBadWhereAndWhat() {
        #expect(text(Samples.alert(severity: "critical")).subject == "[critical] prod-eu: leader changed")
        #expect(text(Samples.alert(state: .resolved)).subject == "[resolved] prod-eu: leader changed")
        #expect(
            text(Samples.alert("etcdMembersDown"), Samples.alert("etcdMembersDown", severity: "critical")).subject
                == "[critical] prod-eu: members down (2 alerts)")
    }

    @Test(arguments: [
        ("EtcdLeaderChanged", "leader changed"), ("etcdGRPCRequestsSlow", "GRPCRequests slow"),
        ("Watchdog", "watchdog"),
        ("etcdHighNumberOfFailedGRPCRequests", "high number of failed GRPCRequests"), ("", ""), ("etcd", "etcd"),
    ]) func namesBecomeWords(_ name: String, _ words: String) {
        #expect(MessageText.words(name).lowercased() == words.lowercased())
    }

    @Test func textHoldsSentenceRemedyLabelsAndLink() {
        let plain = text(Samples.alert()).plain
        for part in [
            "Warning: m2 leads prod-eu now.", "What to do: Look at the old leader.", "2026-09-21 14:13:20 UTC",
            "instance=\"node-2:2379\"", "https://monitor.example.com:8379/clusters/prod-eu",
        ] { #expect(plain.contains(part), "\(part) is missing in:\n\(plain)") }
    }

    @Test func htmlEscapesWhateverTheLabelsHold() {
        var alert = Samples.alert()
        alert.annotations["summary"] = "<script>alert('x')</script> & \"more\""
        alert.annotations["runbook_url"] = "javascript:alert(1)"
        let html = text(alert).html
        #expect(!html.contains("<script>") && !html.contains("href=\"javascript:"))
        #expect(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;more&quot;"))
    }
}

@Suite struct MailComposerTests {
    private let settings = EmailSettings(
        recipients: ["a@example.com", "b@example.com"], sender: "monitor@example.com",
        server: SMTPServer(host: "x", port: 25, security: .none))

    private func compose(_ content: NotificationContent, id: Int64 = 7) -> (headers: [String], text: String) {
        let mail = MailComposer.compose(
            content, id: id, at: Samples.start, settings: settings, links: DashboardLinks(base: ""))
        let text = String(decoding: mail.content, as: UTF8.self)
        return (
            text.split(separator: "\r\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }.map(String.init),
            text
        )
    }

    @Test func aMailIsWellFormed() {
        let (headers, text) = compose(Samples.content(Samples.alert()))
        #expect(headers.contains("Subject: [warning] prod-eu: leader changed"))
        #expect(headers.contains("Date: Mon, 21 Sep 2026 14:13:20 +0000"))
        #expect(headers.contains("From: etcd-monitor <monitor@example.com>"))
        #expect(text.utf8.allSatisfy { $0 < 0x80 && $0 != 0 })
        #expect(!text.replacingCRLF.contains("\r") && !text.replacingCRLF.contains("\n"))
        for line in text.split(separator: "\r\n", omittingEmptySubsequences: false) { #expect(line.utf8.count <= 78) }
    }

    @Test func everyAttemptIsTheSameMailAndAGroupIsOneThread() {
        func value(_ name: String, _ headers: [String]) -> String? { headers.first { $0.hasPrefix(name) } }
        let first = compose(Samples.content(Samples.alert()))
        let again = compose(Samples.content(Samples.alert()))
        let other = compose(Samples.content(Samples.alert(state: .resolved)), id: 8)
        #expect(first.text == again.text)
        #expect(value("Message-ID", first.headers) != value("Message-ID", other.headers))
        #expect(value("References", first.headers) == value("References", other.headers))
    }

    @Test func noLabelCanAddAHeader() {
        var alert = Samples.alert(cluster: "prod\r\nBcc: eve@example.com\r\n\r\nbody")
        alert.labels["alertname"] = "Down\nX-Evil: 1"
        let (headers, _) = compose(Samples.content(alert))
        #expect(!headers.contains { $0.lowercased().hasPrefix("bcc") || $0.hasPrefix("X-Evil") })
        #expect(headers.contains { $0.hasPrefix("Subject: =?utf-8?B?") })
    }

    @Test func longAndForeignSubjectsAreEncodedAndFolded() {
        let encoded = MailComposer.encodedHeader(
            "[critical] " + String(repeating: "größe \u{1F525} ", count: 20), after: "Subject: ".count)
        for line in encoded.split(separator: "\r\n") {
            #expect(line.utf8.count + "Subject: ".utf8.count <= 85)
            #expect(line.drop { $0 == " " }.utf8.count <= 75)
        }
    }

    @Test(arguments: [
        ("a=b", "a=3Db"), ("ü", "=C3=BC"), ("end ", "end=20"), ("tab\t", "tab=09"), ("two\nlines", "two\r\nlines"),
        ("in the middle", "in the middle"), ("", ""),
    ]) func quotedPrintableIsRFC2045s(_ text: String, _ expected: String) {
        #expect(MailComposer.quotedPrintable(text) == expected)
    }

    @Test func longLinesAreBrokenSoftly() {
        let encoded = MailComposer.quotedPrintable(String(repeating: "é", count: 100))
        for line in encoded.split(separator: "\r\n") { #expect(line.utf8.count <= 76) }
        #expect(
            encoded.split(separator: "\r\n").map { $0.hasSuffix("=") ? String($0.dropLast()) : String($0) }.joined()
                == String(repeating: "=C3=A9", count: 100))
    }
}

extension String {
    fileprivate var replacingCRLF: String {
        split(separator: "\r\n", omittingEmptySubsequences: false).joined(separator: "|")
    }
}
