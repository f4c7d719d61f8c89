internal import HTTPClient
internal import JSON
internal import Model

/// What is told: an alert in Alertmanager's webhook format, or a mail.
struct EmergencyMessage: Sendable, Equatable {
    var cluster: String
    var node: String
    /// When it was raised first; identifies the emergency.
    var since: Timestamp
    /// When it was over; nil while it lasts.
    var endedAt: Timestamp?
    var circumstances: Circumstances

    /// The same for every attempt, and for no other message.
    func key(repetition: Int) -> String {
        "etcd-monitor-agent-\(cluster)-\(node)-\(since.milliseconds)-\(endedAt == nil ? "\(repetition)" : "end")"
    }

    var labels: Labels {
        [
            "alertname": "EtcdAgentEmergency", "cluster": cluster, "instance": node, "node": node,
            "severity": "critical",
        ]
    }

    var summary: String {
        let names = circumstances.leaderless.keys.sorted().joined(separator: ", ")
        guard endedAt == nil else {
            return "The emergency on \(node) of the etcd cluster \(cluster) is over."
        }
        return "On \(node) of the etcd cluster \(cluster) \(names) has no leader, and the aggregator cannot be told."
    }

    var annotations: Labels {
        let members = circumstances.leaderless.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        return [
            "summary": summary,
            "cause": (members + ["aggregator: \(circumstances.aggregatorTrouble ?? "")"]).joined(separator: "; "),
            "action": "Look at this host's network first, then at etcd on the cluster's hosts, then at the aggregator.",
        ]
    }

    /// Alertmanager's webhook body, version 4.
    func webhookBody(externalURL: String) -> [UInt8] {
        var json = JSONWriter()
        let status = endedAt == nil ? "firing" : "resolved"
        json.object {
            $0.member("receiver", "emergency")
            $0.member("status", status)
            $0.key("alerts")
            $0.array {
                $0.object {
                    $0.member("status", status)
                    $0.key("labels")
                    Self.write(labels, to: &$0)
                    $0.key("annotations")
                    Self.write(annotations, to: &$0)
                    $0.member("startsAt", CalendarTime(since).rfc3339)
                    $0.member("endsAt", endedAt.map { CalendarTime($0).rfc3339 } ?? "0001-01-01T00:00:00Z")
                    $0.member("generatorURL", externalURL)
                    $0.member("fingerprint", labels.fingerprint)
                }
            }
            for (name, values) in [
                ("groupLabels", labels), ("commonLabels", labels), ("commonAnnotations", annotations),
            ] {
                $0.key(name)
                Self.write(values, to: &$0)
            }
            $0.member("externalURL", externalURL)
            $0.member("version", "4")
            $0.member("groupKey", "{}:{alertname=\"EtcdAgentEmergency\", cluster=\"\(cluster)\", node=\"\(node)\"}")
            $0.member("truncatedAlerts", 0)
        }
        return json.bytes
    }

    private static func write(_ labels: Labels, to json: inout JSONWriter) {
        json.object { for label in labels { $0.member(label.name, label.value) } }
    }

    /// RFC 5322, seven-bit clean whatever the names hold.
    func mail(from sender: String, to recipients: [String], repetition: Int, at now: Timestamp) -> MailMessage {
        let domain = sender.split(separator: "@").last.map(String.init) ?? "etcd-monitor"
        let words = endedAt == nil ? "[critical] \(cluster): no leader, no aggregator" : "[over] \(cluster): emergency"
        let body = annotations.map { "\($0.name): \($0.value)" }
        let lines =
            [
                "From: etcd-monitor-agent <\(sender)>", "To: \(recipients.joined(separator: ",\r\n "))",
                "Subject: \(Self.ascii("\(words) (\(node))"))", "Date: \(CalendarTime(now).rfc5322)",
                "Message-ID: <\(Self.ascii(key(repetition: repetition)))@\(domain)>",
                "Auto-Submitted: auto-generated", "MIME-Version: 1.0", "Content-Type: text/plain; charset=us-ascii", "",
            ]
            + body.flatMap { Self.folded(Self.ascii($0)) } + [""]
        return MailMessage(
            sender: sender, recipients: recipients, content: Array(lines.joined(separator: "\r\n").utf8))
    }

    private static func ascii(_ text: String) -> String {
        String(
            decoding: text.unicodeScalars.map { (0x20...0x7e).contains($0.value) ? UInt8($0.value) : 0x3f },
            as: UTF8.self)
    }

    /// RFC 5322 section 2.1.1 allows lines of 998 characters.
    private static func folded(_ line: String) -> [String] {
        var rest = line[...]
        var lines: [String] = []
        while rest.count > 900 {
            lines.append(String(rest.prefix(900)))
            rest = rest.dropFirst(900)
        }
        return lines + [String(rest)]
    }
}
