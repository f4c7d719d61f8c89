internal import JSON
internal import Model
internal import Notifications

/// An alert with how people were told of it.
struct AlertAnswer: JSONAnswer {
    let alert: Alert
    var deliveries: [DeliveryRecord] = []
    var suppressions: [Suppression] = []
    var acknowledgement: Acknowledgement?

    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("fingerprint", alert.labels.fingerprint)
            $0.member("name", alert.labels["alertname"] ?? "")
            $0.member("severity", severity)
            $0.member("cluster", alert.labels["cluster"])
            $0.member("state", alert.state.rawValue)
            $0.member("sentence", sentence)
            $0.key("labels")
            Self.write(alert.labels, to: &$0)
            $0.key("annotations")
            Self.write(alert.annotations, to: &$0)
            $0.member("value", alert.value)
            $0.member("activeAt", alert.activeAt.milliseconds)
            $0.member("firedAt", alert.firedAt?.milliseconds)
            $0.member("resolvedAt", alert.resolvedAt?.milliseconds)
            $0.member("missingSince", alert.missingSince?.milliseconds)
            $0.key("suppressedBy")
            $0.array { for suppression in suppressions { Self.write(suppression, to: &$0) } }
            $0.member("acknowledgement", answer: acknowledgement)
            $0.key("delivery")
            $0.array { for delivery in deliveries { Self.write(delivery, to: &$0) } }
        }
    }

    /// critical, warning or info: what no rule says is information.
    private var severity: String {
        let severity = alert.labels["severity"] ?? ""
        return ["critical", "warning"].contains(severity) ? severity : "info"
    }

    private var sentence: String {
        alert.annotations["summary"] ?? alert.annotations["description"] ?? alert.annotations["message"]
            ?? alert.labels["alertname"] ?? ""
    }

    private static func write(_ suppression: Suppression, to json: inout JSONWriter) {
        json.object {
            $0.member("reason", suppression.word)
            switch suppression {
            case .silence(let id, let until):
                $0.member("silence", id)
                $0.member("until", until.milliseconds)
            case .inhibition(let cause): $0.member("alert", cause)
            case .acknowledgement(let until): $0.member("until", until?.milliseconds)
            }
        }
    }

    private static func write(_ labels: Labels, to json: inout JSONWriter) {
        json.object { for label in labels { $0.member(label.name, label.value) } }
    }

    private static func write(_ delivery: DeliveryRecord, to json: inout JSONWriter) {
        json.object {
            $0.member("channel", delivery.channel)
            // Waiting for its first attempt looks to people like waiting for the next one.
            $0.member("status", delivery.status == .waiting ? "retrying" : delivery.status.rawValue)
            $0.member("attempts", delivery.attempts)
            $0.member("at", delivery.at.milliseconds)
            $0.member("latencySeconds", delivery.latency?.fractionalSeconds)
            $0.member("code", delivery.code)
            $0.member("error", delivery.error)
        }
    }
}
