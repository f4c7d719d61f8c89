internal import Cryptography
internal import HTTPClient
internal import JSON
internal import Model
internal import Rules

/// PagerDuty's Events API v2. A group of alerts is one incident: its key stays the same from trigger to resolve, so an event
/// that is sent twice changes nothing.
struct PagerDutyChannel: Channel {
    let name: String
    let settings: PagerDutySettings
    let post: HTTPDelivery
    let links: DashboardLinks

    /// PagerDuty's limits.
    private static let summaryLength = 1024
    private static let describedAlerts = 20

    func send(_ notification: DueNotification) async -> AttemptOutcome {
        let key: String
        do throws(NotificationsError) {
            key = try settings.routingKey.read()
        } catch {
            return AttemptOutcome(result: .retry, error: error.message)
        }
        let body = Self.body(notification, routingKey: key, links: links)
        return await post.post(body, to: settings.url, hiding: [key])
    }

    /// The event, as PagerDuty documents it ("Send an Alert Event").
    static func body(_ notification: DueNotification, routingKey: String, links: DashboardLinks) -> [UInt8] {
        let content = notification.content
        let text = MessageText(content: content, links: links)
        var json = JSONWriter(reserving: 2048)
        json.object {
            $0.member("routing_key", routingKey)
            $0.member("event_action", action(content))
            $0.member("dedup_key", dedupKey(content))
            guard action(content) == "trigger" else { return }
            $0.member("client", "etcd-monitor")
            if let link = links.link(for: content) { $0.member("client_url", link) }
            $0.key("payload")
            $0.object { write(content, text, to: &$0) }
        }
        return json.bytes
    }

    private static func write(_ content: NotificationContent, _ text: MessageText, to json: inout JSONWriter) {
        let firing = content.alerts.filter { $0.state == .firing }
        let sentence = firing.count == 1 ? ": " + MessageText.sentence(firing[0]) : ""
        json.member("summary", String((text.subject + sentence).prefix(summaryLength)))
        json.member("source", content.groupLabels["cluster"] ?? content.commonLabels["instance"] ?? "etcd-monitor")
        json.member("severity", severity(firing))
        if let since = firing.map({ $0.firedAt ?? $0.activeAt }).min() {
            json.member("timestamp", CalendarTime(since).rfc3339)
        }
        json.member("component", "etcd")
        json.member("group", content.groupLabels["cluster"])
        json.member("class", content.groupLabels["alertname"] ?? content.commonLabels["alertname"])
        json.key("custom_details")
        json.object {
            $0.member("firing", firing.count)
            $0.member("resolved", content.alerts.count - firing.count)
            $0.key("alerts")
            $0.array {
                for alert in firing.prefix(describedAlerts) {
                    $0.object {
                        $0.member("summary", MessageText.sentence(alert))
                        $0.member("action", alert.annotations["action"])
                        $0.key("labels")
                        $0.labels(alert.labels)
                    }
                }
            }
        }
    }

    private static func action(_ content: NotificationContent) -> String {
        if content.acknowledgedBy != nil { return "acknowledge" }
        return content.isFiring ? "trigger" : "resolve"
    }

    /// PagerDuty knows critical, error, warning and info.
    private static func severity(_ alerts: [Alert]) -> String {
        let found = Set(alerts.compactMap { $0.labels["severity"] })
        return ["critical", "error", "warning"].first { found.contains($0) } ?? "info"
    }

    /// The same for all that is said of one group on one route.
    static func dedupKey(_ content: NotificationContent) -> String {
        "etcd-monitor-" + Hex.encode(SHA256.digest(Array("\(content.route)\n\(content.groupKey)".utf8)))
    }
}
