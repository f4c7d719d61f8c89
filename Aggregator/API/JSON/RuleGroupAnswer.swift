internal import ConfigurationFile
internal import JSON
internal import Model
internal import PromQL
internal import Rules

/// A rule group and how it goes.
struct RuleGroupAnswer: JSONAnswer {
    let group: RuleGroupStatus
    /// Its rules.
    let rules: [RuleAnswer]

    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("name", group.name)
            $0.member("file", group.file)
            $0.member("intervalSeconds", group.interval.fractionalSeconds)
            $0.member("lastEvaluation", group.lastEvaluation?.milliseconds)
            $0.member("lastDurationSeconds", group.lastDuration.fractionalSeconds)
            $0.member("evaluations", group.evaluations)
            $0.member("missed", group.missed)
            $0.member("lastFailure", group.lastFailure)
            $0.member("rules", answers: rules)
        }
    }
}

/// A rule, how it goes, and its state on each cluster that it says something of.
struct RuleAnswer: JSONAnswer {
    let status: RuleStatus
    /// Those that are shown.
    let alerts: [Alert]
    /// What it is on single clusters.
    let overrides: [RuleOverride]
    /// Clusters of which nothing is measured that it could judge.
    let unmeasured: [String]

    func write(to json: inout JSONWriter) {
        let rule = status.rule
        json.object {
            $0.member("id", rule.id)
            $0.member("kind", rule.kind == .alert ? "alert" : "record")
            $0.member("name", rule.name)
            $0.member("query", rule.query.text)
            $0.member("forSeconds", rule.hold.fractionalSeconds)
            $0.member("keepFiringForSeconds", rule.keepFiringFor.fractionalSeconds)
            $0.member("severity", Self.text("severity", of: rule.labels))
            $0.member("group", Self.text("group", of: rule.labels))
            $0.member("summary", Self.text("summary", of: rule.annotations))
            $0.key("labels")
            Self.write(rule.labels, to: &$0)
            $0.key("annotations")
            Self.write(rule.annotations, to: &$0)
            $0.key("parameters")
            $0.array { for parameter in rule.parameters { Self.write(parameter, to: &$0) } }
            $0.member("health", status.health.rawValue)
            $0.member("lastError", status.lastError)
            $0.member("lastEvaluation", status.lastEvaluation?.milliseconds)
            $0.member("lastDurationSeconds", status.lastDuration.fractionalSeconds)
            $0.member("alerts", alerts.count { $0.state != .resolved })
            $0.key("clusters")
            $0.array { writeStates(to: &$0) }
            $0.key("overrides")
            $0.array { for override in overrides { Self.write(override, to: &$0) } }
        }
    }

    /// The gravest state of each cluster with a pending or firing alert (nil for alerts that name none), then those of
    /// which it can say nothing.
    private func writeStates(to json: inout JSONWriter) {
        let active = Dictionary(grouping: alerts.filter { $0.state != .resolved }) { $0.labels["cluster"] }
        for (cluster, alerts) in active.sorted(by: { ($0.key ?? "") < ($1.key ?? "") }) {
            let firing = alerts.filter { $0.state == .firing }
            json.object {
                $0.member("cluster", cluster)
                $0.member("state", firing.isEmpty ? "pending" : "firing")
                $0.member("firing", firing.count)
                $0.member("missing", firing.count { $0.missingSince != nil })
                $0.member("pending", alerts.count - firing.count)
                $0.member("since", (firing.isEmpty ? alerts : firing).map(\.activeAt).min()?.milliseconds)
            }
        }
        for cluster in unmeasured where active[cluster] == nil {
            json.object {
                $0.member("cluster", cluster)
                $0.member("state", "missing")
            }
        }
    }

    private static func write(_ override: RuleOverride, to json: inout JSONWriter) {
        json.object {
            $0.member("cluster", override.cluster)
            $0.member("enabled", override.isEnabled)
            $0.key("parameters")
            $0.object {
                for (name, value) in override.parameters.sorted(by: { $0.key < $1.key }) { $0.member(name, value) }
            }
            $0.member("reason", override.reason)
            $0.member("by", override.changedBy)
            $0.member("at", override.changedAt.milliseconds)
        }
    }

    private static func write(_ parameter: RuleParameter, to json: inout JSONWriter) {
        json.object {
            $0.member("name", parameter.name)
            $0.member("unit", parameter.unit)
            $0.member("meaning", parameter.meaning)
            $0.member("value", parameter.value)
        }
    }

    private static func text(_ name: String, of texts: [TemplatedText]) -> String? {
        texts.first { $0.name == name }?.template.source
    }

    private static func write(_ texts: [TemplatedText], to json: inout JSONWriter) {
        json.object { for text in texts { $0.member(text.name, text.template.source) } }
    }
}

/// Something that is wrong in a rule file.
enum RuleProblem {
    static func json(_ error: ConfigurationError) -> JSONValue {
        .object([
            ("file", .string(error.file)), ("line", .number("\(error.line)")), ("column", .number("\(error.column)")),
            ("problem", .string(error.problem)), ("remedy", .string(error.remedy)),
        ])
    }
}
