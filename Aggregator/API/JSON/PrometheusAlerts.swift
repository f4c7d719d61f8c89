internal import JSON
internal import Model
internal import PromQL
internal import Rules

/// Rules and alerts in the words of Prometheus's API.
enum PrometheusAlerts {
    /// One of `alerts`.
    static func write(_ alert: Alert, to json: inout JSONWriter) {
        json.object {
            $0.key("labels")
            write(alert.labels, to: &$0)
            $0.key("annotations")
            write(alert.annotations, to: &$0)
            $0.member("state", alert.state == .pending ? "pending" : "firing")
            $0.member("activeAt", TimeText.rfc3339(alert.activeAt))
            $0.member("value", scientific(alert.value))
        }
    }

    /// A group with those of its rules, and of these the alerts, that the caller wants to see.
    static func write(
        _ group: RuleGroupStatus, _ rules: [(rule: RuleStatus, alerts: [Alert])], to json: inout JSONWriter
    ) {
        json.object {
            $0.member("name", group.name)
            $0.member("file", group.file)
            $0.member("interval", group.interval.fractionalSeconds)
            $0.member("limit", group.limit)
            $0.member("evaluationTime", group.lastDuration.fractionalSeconds)
            $0.member("lastEvaluation", TimeText.rfc3339(group.lastEvaluation ?? never))
            $0.key("rules")
            $0.array { for (rule, alerts) in rules { write(rule, alerts, to: &$0) } }
        }
    }

    private static func write(
        _ rule: RuleStatus, _ alerts: [Alert], to json: inout JSONWriter
    ) {
        json.object {
            let own = rule.rule
            if own.kind == .alert { $0.member("state", state(of: rule)) }
            $0.member("name", own.name)
            $0.member("query", own.query.text)
            if own.kind == .alert {
                $0.member("duration", own.hold.fractionalSeconds)
                $0.member("keepFiringFor", own.keepFiringFor.fractionalSeconds)
            }
            $0.key("labels")
            write(own.labels, to: &$0)
            if own.kind == .alert {
                $0.key("annotations")
                write(own.annotations, to: &$0)
                $0.key("alerts")
                $0.array { for alert in alerts { write(alert, to: &$0) } }
            }
            $0.member("health", rule.health.rawValue)
            if let error = rule.lastError { $0.member("lastError", error) }
            $0.member("evaluationTime", rule.lastDuration.fractionalSeconds)
            $0.member("lastEvaluation", TimeText.rfc3339(rule.lastEvaluation ?? never))
            $0.member("type", own.kind == .alert ? "alerting" : "recording")
        }
    }

    /// As they are written: templates of labels and annotations are expanded in alerts only.
    private static func write(_ texts: [TemplatedText], to json: inout JSONWriter) {
        json.object {
            for text in texts.sorted(by: { $0.name < $1.name }) { $0.member(text.name, text.template.source) }
        }
    }

    private static func state(of rule: RuleStatus) -> String {
        let states = Set(rule.alerts.map(\.state))
        return states.contains(.firing) ? "firing" : states.contains(.pending) ? "pending" : "inactive"
    }

    private static func write(_ labels: Labels, to json: inout JSONWriter) {
        json.object { for label in labels { $0.member(label.name, label.value) } }
    }

    /// Go's zero time, which Prometheus tells of what has not happened yet.
    private static let never = Timestamp(milliseconds: -62_135_596_800_000)

    /// With an exponent of two digits, as Go's FormatFloat(v, 'e', -1, 64): `1.5e+00`.
    static func scientific(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
        guard value != 0 else { return value.sign == .minus ? "-0e+00" : "0e+00" }
        // Swift's shortest digits, moved so that one stands before the point.
        let parts = value.magnitude.description.split(separator: "e")
        let number = parts[0].split(separator: ".")
        let fraction = number.count > 1 && number[1] != "0" ? String(number[1]) : ""
        let digits = (number[0] + fraction).drop { $0 == "0" }
        let leading = number[0].count + fraction.count - digits.count
        let exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + number[0].count - leading - 1
        var rest = digits.dropFirst()
        while rest.last == "0" { rest = rest.dropLast() }
        let power = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
        return (value < 0 ? "-" : "") + digits.prefix(1) + (rest.isEmpty ? "" : "." + rest)
            + (exponent < 0 ? "e-" : "e+") + power
    }
}
