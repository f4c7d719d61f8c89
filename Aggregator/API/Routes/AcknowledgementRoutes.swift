internal import Access
internal import Hummingbird
internal import JSON
internal import Model
internal import Notifications
internal import Rules

/// Taking an alert up, for good or for a while (snoozed), and laying it down again.
struct AcknowledgementRoutes: Sendable {
    let services: APIServices
    let limits: APILimits

    var routes: [Route] {
        [
            Route(
                .put, "/api/v1/alerts/{fingerprint}/acknowledgement", .recognised,
                Operation(
                    "acknowledgeAlert", tag: "alerts",
                    "Takes an alert up: it is not told again until it ends, or for 'seconds' (snoozed). Needs"
                        + " acknowledge-alerts on its cluster.",
                    body: "AcknowledgementRequest", answer: "Acknowledgement"), handler: acknowledge),
            Route(
                .delete, "/api/v1/alerts/{fingerprint}/acknowledgement", .recognised,
                Operation(
                    "withdrawAcknowledgement", tag: "alerts",
                    "Lays an alert down again. Needs acknowledge-alerts on its cluster.", status: 204),
                handler: withdraw),
        ]
    }

    @Sendable private func acknowledge(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let alert = try await alert(context, for: principal)
        let body = try await JSONBody(request, limit: limits.bodyBytes)
        let seconds = try body.optionalNumber("seconds")
        guard (0...100_000_000).contains(seconds ?? 0) else { throw APIError.badRequest("'seconds' is out of range") }
        let comment = try body.optionalText("comment") ?? ""
        let taken = try await services.notifications.acknowledge(
            alert, until: seconds.map { services.clock.now + .seconds($0) }, comment: comment, by: principal.name)
        try await record(
            alert, by: principal, context, (seconds.map { "snoozed for \($0) s: " } ?? "acknowledged: ") + comment)
        var json = JSONWriter()
        taken.write(to: &json)
        return .json(json.bytes)
    }

    @Sendable private func withdraw(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let alert = try await alert(context, for: principal)
        try await services.notifications.withdrawAcknowledgement(of: alert.labels.fingerprint)
        try await record(alert, by: principal, context, "withdrawn")
        return .done
    }

    /// The alert that the path names; whoever may not act on its cluster does not learn whether there is one.
    private func alert(_ context: APIContext, for principal: Principal) async throws -> Alert {
        let fingerprint = try context.parameters.require("fingerprint")
        let alert = services.rules.activeAlerts().filter { $0.labels.fingerprint == fingerprint }
            .max { $0.state == .pending && $1.state == .firing }
        try await services.access.require(
            principal, .acknowledgeAlerts, cluster: alert?.labels["cluster"], object: fingerprint, from: context.peer)
        guard let alert else { throw APIError.notFound("no alert with the fingerprint \(fingerprint) is active") }
        return alert
    }

    private func record(
        _ alert: Alert, by principal: Principal, _ context: APIContext, _ reason: String
    ) async throws {
        try await services.access.audit.append(
            AuditEvent(
                actor: principal.name, address: context.peer, action: Permission.acknowledgeAlerts.rawValue,
                object: "\(alert.labels["alertname"] ?? "") \(alert.labels.fingerprint)",
                cluster: alert.labels["cluster"], reason: reason))
    }
}

extension Acknowledgement: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("fingerprint", fingerprint)
            $0.member("author", author)
            $0.member("comment", comment)
            $0.member("at", at.milliseconds)
            $0.member("until", until?.milliseconds)
        }
    }
}
