internal import JSON
internal import Model
internal import Notifications
internal import SeriesQuery

/// A silence with what it hides now.
struct SilenceAnswer: JSONAnswer {
    let silence: Silence
    let now: Timestamp
    /// What fires and is kept back now.
    let hidden: [Alert]
    /// What was kept back so far.
    let hid: [SilencedAlert]

    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("id", silence.id)
            $0.member("kind", silence.kind.rawValue)
            $0.member("state", silence.state(at: now).rawValue)
            $0.key("matchers")
            silence.matchers.write(to: &$0)
            $0.member("cluster", silence.cluster)
            $0.member("startsAt", silence.startsAt.milliseconds)
            $0.member("endsAt", silence.endsAt.milliseconds)
            $0.member("weeklyUntil", silence.weeklyUntil?.milliseconds)
            $0.member("activeUntil", silence.activeUntil(at: now)?.milliseconds)
            $0.member("nextStart", silence.nextStart(after: now)?.milliseconds)
            $0.member("author", silence.author)
            $0.member("comment", silence.comment)
            $0.member("createdAt", silence.createdAt.milliseconds)
            $0.key("hides")
            $0.array { for alert in hidden { Self.write(alert, to: &$0) } }
            $0.key("hid")
            $0.array {
                for alert in hid {
                    $0.object {
                        $0.member("fingerprint", alert.fingerprint)
                        $0.member("name", alert.labels["alertname"] ?? "")
                        $0.member("cluster", alert.labels["cluster"])
                        $0.member("severity", alert.labels["severity"])
                        $0.member("since", alert.since.milliseconds)
                    }
                }
            }
        }
    }

    private static func write(_ alert: Alert, to json: inout JSONWriter) {
        json.object {
            $0.member("fingerprint", alert.labels.fingerprint)
            $0.member("name", alert.labels["alertname"] ?? "")
            $0.member("cluster", alert.labels["cluster"])
            $0.member("severity", alert.labels["severity"])
            $0.member("sentence", alert.annotations["summary"] ?? alert.labels["alertname"] ?? "")
        }
    }
}
