internal import Access
internal import Fleet
internal import FleetHealth
internal import Hummingbird
internal import JSON
internal import Model

/// Enrolment tokens, agents' ends, the audit log, and what the installation says of itself.
struct AdministrationRoutes: Sendable {
    let services: APIServices
    let limits: APILimits

    var routes: [Route] {
        [
            Route(
                .post, "/api/v1/enrolment-tokens", .recognised,
                Operation(
                    "createEnrolmentToken", tag: "administration",
                    "A one-time token with which one agent enrols. Needs enrol-agent on the cluster.",
                    body: "EnrolmentTokenRequest", status: 201, answer: "EnrolmentToken"), handler: createToken),
            Route(
                .delete, "/api/v1/agents/{id}", .recognised,
                Operation(
                    "revokeAgent", tag: "administration",
                    "Ends what the agent may send. Needs revoke-agent on its cluster.", status: 204), handler: revoke),
            Route(
                .get, "/api/v1/audit", .permission(.readAudit),
                Operation(
                    "listAudit", tag: "administration", "The audit log, newest first.",
                    parameters: [
                        .query("before", "Only entries with smaller numbers."),
                        .query("limit", "At most this many.", type: "integer"),
                        .query("cluster", "Only this cluster."), .query("action", "Only this action."),
                    ], answer: "AuditList"), handler: audit),
            Route(
                .get, "/api/v1/audit/verification", .permission(.readAudit),
                Operation(
                    "verifyAudit", tag: "administration", "Walks the hash chain of the whole audit log.",
                    answer: "AuditVerification"), handler: verify),
            Route(
                .get, "/api/v1/about", .recognised,
                Operation("about", tag: "administration", "Version, CA and address.", answer: "About"), handler: about),
        ]
    }

    /// The cluster stands in the body, so the gate cannot know it: asked here, through the same policy.
    @Sendable private func createToken(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let body = try await JSONBody(request, limit: limits.bodyBytes)
        let cluster = try body.text("cluster")
        try await services.access.require(principal, .enrolAgent, cluster: cluster, from: context.peer)
        let seconds = try body.optionalNumber("ttlSeconds") ?? 86_400
        guard (60...30 * 86_400).contains(seconds) else {
            throw APIError.badRequest("'ttlSeconds' must be 60 to 2592000")
        }
        let replaced = try body.optionalText("replacesNode")
        let token = try await services.fleet.makeEnrolmentToken(
            cluster: cluster, replacesNode: replaced, lifetime: .seconds(seconds), by: principal.name)
        try await services.access.audit.append(
            AuditEvent(
                actor: principal.name, address: context.peer, action: Permission.enrolAgent.rawValue,
                object: replaced ?? "", cluster: cluster, reason: "enrolment token for \(seconds) s"))
        services.health.wake()
        return .json(status: .created) {
            $0.member("token", token.secret)
            $0.member("expires", token.expires.milliseconds)
        }
    }

    @Sendable private func revoke(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let text = try context.parameters.require("id")
        let agent = AgentID(text).flatMap { services.fleet.agent($0) }
        // Unknown ids are refused like foreign ones: only who may revoke learns which there are.
        try await services.access.require(
            principal, .revokeAgent, cluster: agent?.cluster, object: text, from: context.peer)
        guard let agent else { throw APIError.notFound("there is no agent \(text)") }
        try await services.fleet.revoke(agent.id, reason: "revoked by \(principal.name)")
        try await services.access.audit.append(
            AuditEvent(
                actor: principal.name, address: context.peer, action: Permission.revokeAgent.rawValue,
                object: "\(agent.id) on \(agent.node)", cluster: agent.cluster))
        services.health.wake()
        return .done
    }

    @Sendable private func audit(_ request: Request, _ context: APIContext) async throws -> Response {
        let limit = try request.whole("limit", in: 1...limits.pageSize) ?? 100
        let entries = try await services.access.audit.list(
            before: try request.whole("before", in: 1...Int.max).map(Int64.init), limit: limit,
            cluster: request.parameter("cluster"), action: request.parameter("action"))
        return .json {
            $0.key("entries")
            $0.array { for entry in entries { Self.write(entry, to: &$0) } }
            $0.member("next", entries.count == limit ? entries.last.map { String($0.sequence) } : nil)
        }
    }

    private static func write(_ entry: AuditEntry, to json: inout JSONWriter) {
        json.object {
            $0.member("sequence", String(entry.sequence))
            $0.member("at", entry.at.milliseconds)
            $0.member("actor", entry.event.actor)
            $0.member("address", entry.event.address)
            $0.member("action", entry.event.action)
            $0.member("object", entry.event.object)
            $0.member("cluster", entry.event.cluster)
            $0.member("outcome", entry.event.outcome.rawValue)
            $0.member("reason", entry.event.reason)
        }
    }

    @Sendable private func verify(_ request: Request, _ context: APIContext) async throws -> Response {
        let verification = try await services.access.audit.verify()
        return .json {
            switch verification {
            case .intact(let entries, let head):
                $0.member("intact", true)
                $0.member("entries", String(entries))
                $0.member("head", head)
            case .broken(let place):
                $0.member("intact", false)
                $0.member("sequence", String(place.sequence))
                $0.member("problem", place.problem)
            }
        }
    }

    @Sendable private func about(_ request: Request, _ context: APIContext) async throws -> Response {
        let installation = services.installation
        return .json {
            $0.member("version", installation.version)
            $0.member("caFingerprint", installation.authorityFingerprint)
            $0.member("url", installation.externalURL)
            $0.member("database", installation.database)
            $0.member("startedAt", installation.startedAt.milliseconds)
        }
    }
}
