internal import Access
internal import Fleet
internal import FleetHealth
internal import Hummingbird
internal import JSON
internal import Model
internal import Notifications

/// Clusters, members, nodes, agents and events. Lists hold what the principal may see.
struct FleetRoutes: Sendable {
    let services: APIServices
    let limits: APILimits

    var routes: [Route] { clusterRoutes + listRoutes + eventRoutes }

    private var clusterRoutes: [Route] {
        [
            Route(
                .get, "/api/v1/clusters", .permission(.viewFleet),
                Operation("listClusters", tag: "fleet", "All clusters, worst first.", answer: "ClusterList"),
                handler: clusters),
            Route(
                .get, "/api/v1/clusters/{name}", .onCluster(.viewCluster),
                Operation("getCluster", tag: "fleet", "One cluster in detail.", answer: "ClusterDetail"),
                handler: cluster),
            Route(
                .put, "/api/v1/clusters/{name}/maintenance", .onCluster(.declareMaintenance),
                Operation(
                    "declareMaintenance", tag: "fleet", "Begins a maintenance window, or with 0 seconds ends it.",
                    body: "Maintenance", status: 204), handler: declareMaintenance),
            Route(
                .delete, "/api/v1/clusters/{name}", .permission(.deleteCluster),
                Operation(
                    "deleteCluster", tag: "fleet",
                    "Deletes a cluster with its agents, events and history. There is no way back.", status: 204),
                handler: deleteCluster),
        ]
    }

    private var listRoutes: [Route] {
        [
            Route(
                .get, "/api/v1/members", .permission(.viewFleet),
                Operation("listMembers", tag: "fleet", "The members of all clusters.", answer: "MemberList"),
                handler: members),
            Route(
                .get, "/api/v1/nodes", .permission(.viewFleet),
                Operation("listNodes", tag: "fleet", "All hosts with their agents.", answer: "NodeList"),
                handler: nodes),
            Route(
                .get, "/api/v1/agents", .permission(.viewFleet),
                Operation("listAgents", tag: "fleet", "All agents, revoked ones too.", answer: "AgentList"),
                handler: agents),
        ]
    }

    private var eventRoutes: [Route] {
        let paging: [Operation.Parameter] = [
            .query("before", "Only events with smaller ids."), .query("limit", "At most this many.", type: "integer"),
        ]
        return [
            Route(
                .get, "/api/v1/clusters/{name}/events", .onCluster(.viewCluster),
                Operation(
                    "listClusterEvents", tag: "fleet", "One cluster's events, newest first.",
                    parameters: [.query("kind", "Only this kind.")] + paging, answer: "EventList"),
                handler: clusterEvents),
            Route(
                .get, "/api/v1/events", .permission(.viewFleet),
                Operation(
                    "listEvents", tag: "fleet", "Events, newest first.",
                    parameters: [.query("cluster", "Only this cluster."), .query("kind", "Only this kind.")] + paging,
                    answer: "EventList"), handler: events),
        ]
    }
}

// MARK: - Handlers

extension FleetRoutes {
    @Sendable private func clusters(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let visible = services.health.summaries.filter { principal.sees($0.name) }
        return .json {
            $0.member("clusters", answers: visible)
            $0.member("now", services.clock.now.milliseconds)
        }
    }

    @Sendable private func cluster(_ request: Request, _ context: APIContext) async throws -> Response {
        let name = try context.parameters.require("name")
        guard let detail = services.health.detail(name) else { throw APIError.notFound("there is no cluster \(name)") }
        var json = JSONWriter()
        detail.write(to: &json)
        return .json(json.bytes)
    }

    @Sendable private func declareMaintenance(_ request: Request, _ context: APIContext) async throws -> Response {
        let name = try context.parameters.require("name")
        let principal = try context.requirePrincipal()
        let body = try await JSONBody(request, limit: limits.bodyBytes)
        guard let seconds = try body.optionalNumber("seconds"), (0...604_800).contains(seconds) else {
            throw APIError.badRequest("'seconds' must be 0 to 604800")
        }
        let until = seconds == 0 ? nil : services.clock.now + .seconds(seconds)
        try await services.fleet.setMaintenance(name, until: until)
        try await services.notifications.declareMaintenance(on: name, until: until, by: principal.name)
        try await services.access.audit.append(
            AuditEvent(
                actor: principal.name, address: context.peer, action: Permission.declareMaintenance.rawValue,
                cluster: name, reason: "\(seconds) s"))
        services.health.wake()
        return .done
    }

    @Sendable private func deleteCluster(_ request: Request, _ context: APIContext) async throws -> Response {
        let name = try context.parameters.require("name")
        let principal = try context.requirePrincipal()
        try await services.fleet.deleteCluster(name)
        try await services.access.audit.append(
            AuditEvent(
                actor: principal.name, address: context.peer, action: Permission.deleteCluster.rawValue, cluster: name))
        services.health.wake()
        return .done
    }

    @Sendable private func members(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let details = services.health.details.filter { principal.sees($0.summary.name) }
        return .json {
            $0.key("members")
            $0.array {
                for detail in details {
                    for member in detail.members {
                        $0.object {
                            $0.member("cluster", detail.summary.name)
                            member.writeMembers(to: &$0)
                        }
                    }
                }
            }
        }
    }

    @Sendable private func nodes(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let visible = services.health.details.filter { principal.sees($0.summary.name) }
        return .json { $0.member("nodes", answers: visible.flatMap(\.nodes)) }
    }

    @Sendable private func agents(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let visible = services.fleet.agents.filter { principal.sees($0.cluster) }
            .sorted { ($0.cluster, $0.node, $0.enrolledAt) < ($1.cluster, $1.node, $1.enrolledAt) }
        let now = services.clock.now
        return .json { $0.member("agents", answers: visible.map { AgentAnswer(agent: $0, now: now) }) }
    }

    @Sendable private func clusterEvents(_ request: Request, _ context: APIContext) async throws -> Response {
        try await page(of: try context.parameters.require("name"), request, context)
    }

    @Sendable private func events(_ request: Request, _ context: APIContext) async throws -> Response {
        try await page(of: request.parameter("cluster"), request, context)
    }

    private func page(of cluster: String?, _ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let limit = try request.whole("limit", in: 1...limits.pageSize) ?? 50
        let before = try request.whole("before", in: 1...Int.max).map(Int64.init)
        let events = try await services.fleet.events(
            cluster: cluster, kind: request.parameter("kind"), before: before, limit: limit)
        let visible = events.filter { principal.sees($0.cluster) }
        return .json {
            $0.member("events", answers: visible)
            $0.member("next", events.count == limit ? events.last.map { String($0.id) } : nil)
        }
    }
}
