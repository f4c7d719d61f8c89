internal import Access
internal import ConfigurationFile
internal import Fleet
internal import Hummingbird
internal import JSON
internal import Model
internal import Rules

/// Rules, how they go, and what they would have done.
struct RuleRoutes: Sendable {
    /// Bytes of a body, which may hold a rule file.
    static let bodyBytes = 1 << 20

    let services: APIServices
    let limits: APILimits
    let gate: QueryGate

    var routes: [Route] {
        [
            Route(
                .get, "/api/v1/rules", .permission(.viewRules),
                Operation(
                    "listRules", tag: "rules", "Rule groups, how they go, and the state of each rule on each cluster.",
                    parameters: [.query("cluster", "Only this cluster's states.")], answer: "RuleGroupList"),
                handler: rules),
            Route(
                .post, "/api/v1/rules/backtest", .permission(.viewRules),
                Operation(
                    "backtestRule", tag: "rules",
                    "When a rule would have fired over stored history, and what happened then. Needs query-metrics on the cluster, or with none, shows the visible ones.",
                    body: "BacktestQuestion", answer: "BacktestReport"), handler: backtest),
            Route(
                .post, "/api/v1/rules/reload", .permission(.reloadRules),
                Operation(
                    "reloadRules", tag: "rules",
                    "Reads the rule files again. If something is wrong in them, all of it is told and the rules stay.",
                    answer: "RuleReload"), handler: reload),
            Route(
                .put, "/api/v1/clusters/{name}/rule-overrides", .onCluster(.overrideRules),
                Operation(
                    "setRuleOverride", tag: "rules",
                    "Switches a rule off on a cluster, or gives it other numbers there.",
                    body: "RuleOverrideChange", status: 204), handler: setOverride),
            Route(
                .delete, "/api/v1/clusters/{name}/rule-overrides", .onCluster(.overrideRules),
                Operation(
                    "removeRuleOverride", tag: "rules", "The rule is on the cluster as its file has it.",
                    parameters: [.required("rule", "The rule's id.")], status: 204), handler: removeOverride),
        ]
    }

    @Sendable private func rules(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let cluster = request.parameter("cluster")
        let clusters = services.fleet.clusterNames.filter {
            principal.sees($0) && (cluster == nil || cluster == $0)
        }
        let coverage = try await services.rules.coverage()
        let overrides = services.rules.overrides.filter { clusters.contains($0.cluster) }
        let groups = services.rules.status().map { group in
            RuleGroupAnswer(
                group: group,
                rules: group.rules.map { status in
                    RuleAnswer(
                        status: status,
                        alerts: status.alerts.filter {
                            principal.sees($0) && (cluster == nil || $0.labels["cluster"] == cluster)
                        },
                        overrides: overrides.filter { $0.rule == status.rule.id },
                        unmeasured: clusters.filter { !(coverage[status.rule.id]?.contains($0) ?? true) })
                })
        }
        let problems = services.rules.problems.map(RuleProblem.json)
        return .json {
            $0.member("groups", answers: groups)
            $0.member("problems", .array(problems))
        }
    }

    // MARK: Changes

    @Sendable private func reload(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let outcome = Result { () throws(ConfigurationErrors) in try services.rules.reload() }
        var event = AuditEvent(
            actor: principal.name, address: context.peer, action: Permission.reloadRules.rawValue)
        if case .failure(let errors) = outcome { (event.outcome, event.reason) = (.failed, "\(errors)") }
        try await services.access.audit.append(event)
        let counts = try outcome.get()
        return .json {
            $0.member("groups", counts.groups)
            $0.member("rules", counts.rules)
        }
    }

    @Sendable private func setOverride(_ request: Request, _ context: APIContext) async throws -> Response {
        let (principal, cluster) = (try context.requirePrincipal(), try context.parameters.require("name"))
        let body = try await JSONBody(request, limit: limits.bodyBytes)
        let override = RuleOverride(
            rule: try body.text("rule"), cluster: cluster, isEnabled: try body.optionalBool("enabled") ?? true,
            parameters: try body.optionalDoublesByName("parameters") ?? [:],
            reason: try body.optionalText("reason") ?? "", changedBy: principal.name, changedAt: services.clock.now)
        guard override.reason.count <= 500, override.reason.unicodeScalars.allSatisfy({ $0.value >= 32 }) else {
            throw APIError.badRequest("'reason' must be one line of at most 500 characters")
        }
        try await services.rules.set(override)
        let numbers = override.parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let words = [override.isEnabled ? "on" : "off"] + numbers + (override.reason.isEmpty ? [] : [override.reason])
        try await services.access.audit.append(
            AuditEvent(
                actor: principal.name, address: context.peer, action: Permission.overrideRules.rawValue,
                object: override.rule, cluster: cluster, reason: words.joined(separator: ", ")))
        return .done
    }

    @Sendable private func removeOverride(_ request: Request, _ context: APIContext) async throws -> Response {
        let (principal, cluster) = (try context.requirePrincipal(), try context.parameters.require("name"))
        guard let rule = request.parameter("rule") else { throw APIError.badRequest("'rule' must be a rule's id") }
        try await services.rules.removeOverride(rule: rule, cluster: cluster)
        try await services.access.audit.append(
            AuditEvent(
                actor: principal.name, address: context.peer, action: Permission.overrideRules.rawValue,
                object: rule, cluster: cluster, reason: "as in the file"))
        return .done
    }
}
