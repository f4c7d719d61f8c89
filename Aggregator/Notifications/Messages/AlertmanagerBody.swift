internal import JSON
internal import Model
internal import Rules

/// The body of Alertmanager's webhook, version 4 (`notify/webhook/webhook.go`, `template/template.go`), so that whatever
/// takes Alertmanager's takes ours.
enum AlertmanagerBody {
    /// - Parameters:
    ///   - externalURL: where people reach this installation.
    ///   - generatorURL: where an alert's expression is shown.
    static func make(
        _ content: NotificationContent, receiver: String, externalURL: String, generatorURL: (Alert) -> String
    ) -> [UInt8] {
        var json = JSONWriter(reserving: 2048)
        json.object {
            $0.member("receiver", receiver)
            $0.member("status", content.isFiring ? "firing" : "resolved")
            $0.key("alerts")
            $0.array { for alert in content.alerts { write(alert, generatorURL(alert), to: &$0) } }
            $0.key("groupLabels")
            $0.labels(content.groupLabels)
            $0.key("commonLabels")
            $0.labels(content.commonLabels)
            $0.key("commonAnnotations")
            $0.labels(content.commonAnnotations)
            $0.member("externalURL", externalURL)
            $0.member("version", "4")
            $0.member("groupKey", content.groupKey)
            $0.member("truncatedAlerts", 0)
        }
        return json.bytes
    }

    private static func write(_ alert: Alert, _ generatorURL: String, to json: inout JSONWriter) {
        json.object {
            $0.member("status", alert.state == .resolved ? "resolved" : "firing")
            $0.key("labels")
            $0.labels(alert.labels)
            $0.key("annotations")
            $0.labels(alert.annotations)
            $0.member("startsAt", CalendarTime(alert.firedAt ?? alert.activeAt).rfc3339)
            // Go's zero time stands for "not ended".
            $0.member("endsAt", alert.resolvedAt.map { CalendarTime($0).rfc3339 } ?? "0001-01-01T00:00:00Z")
            $0.member("generatorURL", generatorURL)
            $0.member("fingerprint", alert.labels.fingerprint)
        }
    }
}
