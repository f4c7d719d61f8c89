internal import Access
internal import FleetHealth
internal import Hummingbird
internal import JSON
internal import Model
internal import Notifications
internal import Rules
internal import SeriesQuery

/// Silences and maintenance windows. Whoever makes one that is about a single cluster needs to be an operator there;
/// for any other, everywhere.
struct SilenceRoutes: Sendable {
    let services: APIServices
    let limits: APILimits

    var routes: [Route] {
        [
            Route(
                .get, "/api/v1/silences", .permission(.viewFleet),
                Operation(
                    "listSilences", tag: "alerts", "Silences and maintenance windows, and what each hides now.",
                    parameters: [
                        .query("expired", "true for those that ended within five days too.", type: "boolean"),
                        .query("cluster", "Only those about this cluster alone."),
                    ], answer: "SilenceList"), handler: list),
            Route(
                .post, "/api/v1/silences", .recognised,
                Operation(
                    "createSilence", tag: "alerts",
                    "Makes a silence. Needs silence-alerts, on the cluster that a matcher 'cluster =' names, else on all.",
                    body: "SilenceRequest", status: 201, answer: "Silence"), handler: create),
            Route(
                .put, "/api/v1/silences/{id}", .recognised,
                Operation(
                    "changeSilence", tag: "alerts",
                    "Changes a silence that is not over. Needs silence-alerts for what it hid and what it will hide.",
                    body: "SilenceRequest", answer: "Silence"), handler: change),
            Route(
                .delete, "/api/v1/silences/{id}", .recognised,
                Operation(
                    "endSilence", tag: "alerts",
                    "Ends a silence or window now. Needs silence-alerts for what it hides.",
                    status: 204), handler: end),
            Route(
                .post, "/api/v1/clusters/{name}/maintenance-windows", .onCluster(.declareMaintenance),
                Operation(
                    "planMaintenance", tag: "alerts",
                    "Plans a maintenance window, once or each week: its alerts are not told, its status is maintenance.",
                    body: "MaintenanceWindow", status: 201, answer: "Silence"), handler: plan),
        ]
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let cluster = request.parameter("cluster")
        let silences = try await services.notifications.silences(
            includingExpired: request.parameter("expired") == "true")
        let visible = silences.filter { silence in
            (cluster == nil || silence.cluster == cluster)
                && principal.sees(oneOf: silence.cluster)
        }
        let hidden = try await services.notifications.silenced(by: visible.map(\.id))
        let answers = visible.map { answer($0, hid: hidden[$0.id] ?? [], for: principal) }
        return .json { $0.member("silences", answers: answers) }
    }

    @Sendable private func create(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let asked = try SilenceRequest(try await JSONBody(request, limit: limits.bodyBytes), at: services.clock.now)
        try await require(asked.matchers, of: principal, object: "", context)
        let silence = try await services.notifications.addSilence(asked, by: principal.name)
        try await record(silence, by: principal, context, "made")
        return try await respond(silence, for: principal, status: .created)
    }

    @Sendable private func change(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let id = try context.parameters.require("id")
        let asked = try SilenceRequest(try await JSONBody(request, limit: limits.bodyBytes), at: services.clock.now)
        let before = try await silence(id, for: principal)
        try await require(before.matchers, of: principal, object: id, context)
        try await require(asked.matchers, of: principal, object: id, context)
        let silence = try await services.notifications.changeSilence(id, to: asked)
        try await record(silence, by: principal, context, "changed")
        return try await respond(silence, for: principal, status: .ok)
    }

    @Sendable private func end(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let id = try context.parameters.require("id")
        let silence = try await silence(id, for: principal)
        try await require(silence.matchers, of: principal, object: id, context)
        try await services.notifications.endSilence(id)
        try await record(silence, by: principal, context, "ended")
        return .done
    }

    @Sendable private func plan(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let cluster = try context.parameters.require("name")
        var asked = try SilenceRequest(
            try await JSONBody(request, limit: limits.bodyBytes), matchers: [.equal("cluster", cluster)],
            at: services.clock.now)
        asked.kind = .maintenance
        let silence = try await services.notifications.addSilence(asked, by: principal.name)
        try await record(silence, by: principal, context, "planned")
        services.health.wake()
        return try await respond(silence, for: principal, status: .created)
    }
}

// MARK: - Parts

extension SilenceRoutes {
    /// A silence that may not be seen is one that is not there.
    private func silence(_ id: String, for principal: Principal) async throws -> Silence {
        let silence = try await services.notifications.silence(id)
        guard principal.sees(oneOf: silence.cluster) else {
            throw APIError.notFound("there is no silence \(id)")
        }
        return silence
    }

    /// The cluster stands in the matchers, so the gate cannot know it: asked here, through the same policy.
    private func require(
        _ matchers: [LabelMatcher], of principal: Principal, object: String, _ context: APIContext
    ) async throws {
        try await services.access.require(
            principal, .silenceAlerts, cluster: matchers.cluster, object: object, from: context.peer)
    }

    private func record(
        _ silence: Silence, by principal: Principal, _ context: APIContext, _ verb: String
    ) async throws {
        let permission: Permission = silence.kind == .maintenance ? .declareMaintenance : .silenceAlerts
        let matchers = silence.matchers.map(\.description).joined(separator: ", ")
        try await services.access.audit.append(
            AuditEvent(
                actor: principal.name, address: context.peer, action: permission.rawValue, object: silence.id,
                cluster: silence.cluster, reason: "\(verb): {\(matchers)}: \(silence.comment)"))
    }

    private func answer(_ silence: Silence, hid: [SilencedAlert], for principal: Principal) -> SilenceAnswer {
        let now = services.clock.now
        let seen = hid.filter { principal.sees(oneOf: $0.labels["cluster"]) }
        let hidden = services.rules.activeAlerts().filter { alert in
            silence.activeUntil(at: now) != nil && alert.state == .firing && silence.matches(alert.labels)
                && principal.sees(alert)
        }
        return SilenceAnswer(silence: silence, now: now, hidden: hidden, hid: seen)
    }

    private func respond(
        _ silence: Silence, for principal: Principal, status: HTTPResponse.Status
    ) async throws -> Response {
        let hidden = try await services.notifications.silenced(by: [silence.id])
        var json = JSONWriter()
        answer(silence, hid: hidden[silence.id] ?? [], for: principal).write(to: &json)
        return .json(json.bytes, status: status)
    }
}

extension SilenceRequest {
    /// Reads `{"matchers": [{"name", "operation", "value"}], "startsAt", "endsAt" or "seconds", "weeklyUntil",
    /// "comment"}`.
    ///
    /// - Parameter matchers: instead of those in the body.
    init(_ body: JSONBody, matchers: [LabelMatcher]? = nil, at now: Timestamp) throws {
        let start = try body.optionalNumber("startsAt").map(Timestamp.init(milliseconds:))
        let end = try body.optionalNumber("endsAt").map(Timestamp.init(milliseconds:))
        let seconds = try body.optionalNumber("seconds")
        guard (end == nil) != (seconds == nil), (0...10_000_000_000).contains(seconds ?? 0) else {
            throw APIError.badRequest("give either 'endsAt' or 'seconds'")
        }
        for (name, instant) in [("startsAt", start), ("endsAt", end)] {
            guard (0...4_102_444_800_000).contains(instant?.milliseconds ?? 0) else {
                throw APIError.badRequest("'\(name)' must be milliseconds since 1970, before 2100")
            }
        }
        self.init(
            matchers: try matchers ?? body.matchers(), startsAt: start,
            endsAt: end ?? (start ?? now) + .seconds(seconds ?? 0),
            weeklyUntil: try body.optionalNumber("weeklyUntil").map(Timestamp.init(milliseconds:)),
            comment: try body.text("comment"))
    }
}

extension JSONBody {
    /// `matchers`: objects of name, operation (`=` if absent) and value.
    fileprivate func matchers() throws -> [LabelMatcher] {
        let problem = APIError.badRequest("'matchers' must be a list of objects with name, operation and value")
        guard let elements = self["matchers"]?.array else { throw problem }
        return try elements.map { element in
            guard let name = element["name"]?.string, let value = element["value"]?.string else { throw problem }
            return try LabelMatcher.checked(name, element["operation"]?.string ?? "=", value)
        }
    }
}
