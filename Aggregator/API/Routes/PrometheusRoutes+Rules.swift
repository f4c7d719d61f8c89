internal import Access
internal import Hummingbird
internal import JSON
internal import Model
internal import PromQL
internal import Rules

// `rules` and `alerts`, which Grafana shows beside its own.
extension PrometheusRoutes {
    @Sendable func answerRules(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let form = try await request.form(upTo: limits.bodyBytes)
        let wanted: Rule.Kind?
        switch form["type"]?.lowercased() {
        case nil: wanted = nil
        case "alert": wanted = .alert
        case "record": wanted = .record
        case .some(let other):
            return .prometheus(
                PrometheusAPI.failure(
                    QueryError(.badData, "not supported value \"\(other)\" of type: use alert or record")))
        }
        let (names, groups, files) = (form.all("rule_name[]"), form.all("rule_group[]"), form.all("file[]"))
        let showsAlerts = form["exclude_alerts"] != "true"
        let shown = services.rules.status().compactMap {
            group -> (RuleGroupStatus, [(rule: RuleStatus, alerts: [Alert])])? in
            guard groups.isEmpty || groups.contains(group.name), files.isEmpty || files.contains(group.file) else {
                return nil
            }
            let rules = group.rules.filter { rule in
                (wanted == nil || rule.rule.kind == wanted) && (names.isEmpty || names.contains(rule.rule.name))
            }
            let isAsked = wanted == nil && names.isEmpty
            guard isAsked || !rules.isEmpty else { return nil }
            return (
                group,
                rules.map { ($0, showsAlerts ? $0.alerts.filter { principal.sees($0) && $0.state != .resolved } : []) }
            )
        }
        return .prometheus(
            PrometheusAPI.success { json in
                json.object {
                    $0.key("groups")
                    $0.array { for (group, rules) in shown { PrometheusAlerts.write(group, rules, to: &$0) } }
                }
            })
    }

    @Sendable func answerAlerts(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let alerts = services.rules.activeAlerts().filter { principal.sees($0) }
        return .prometheus(
            PrometheusAPI.success { json in
                json.object {
                    $0.key("alerts")
                    $0.array { for alert in alerts { PrometheusAlerts.write(alert, to: &$0) } }
                }
            })
    }
}

extension Principal {
    /// Whether `alert` may be shown in lists: one of a cluster that is seen, or of none to those who see all.
    func sees(_ alert: Alert) -> Bool { sees(oneOf: alert.labels["cluster"]) }

    /// Whether what is about `cluster` may be shown; what is about none, or several, to those who see all.
    func sees(oneOf cluster: String?) -> Bool { cluster.map { sees($0) } ?? seesAllClusters }
}

extension Response {
    /// An answer of Prometheus's API.
    static func prometheus(_ answer: PrometheusAPI.Answer) -> Response {
        .json(answer.body, status: .init(code: answer.status))
    }
}
