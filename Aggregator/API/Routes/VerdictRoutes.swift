internal import Access
internal import FleetHealth
internal import Hummingbird
internal import JSON
internal import Model
internal import PromQL
internal import Verdict

/// Who is to blame for what is slow, now and in incidents that were.
struct VerdictRoutes: Sendable {
    let services: APIServices
    let limits: APILimits
    let gate: QueryGate

    var routes: [Route] {
        let paging: [Operation.Parameter] = [
            .query("before", "Only incidents with smaller ids."),
            .query("limit", "At most this many.", type: "integer"),
        ]
        return [
            Route(
                .get, "/api/v1/clusters/{name}/verdict", .onCluster(.viewCluster),
                Operation(
                    "getVerdict", tag: "verdict",
                    "Judges a cluster now: the culprit, the evidence, and what speaks against it.",
                    parameters: [.query("at", "Another instant, in milliseconds since the epoch.", type: "integer")],
                    answer: "VerdictAnswer"), handler: verdict),
            Route(
                .get, "/api/v1/clusters/{name}/incidents", .onCluster(.viewCluster),
                Operation(
                    "listClusterIncidents", tag: "verdict", "One cluster's incidents, newest first.",
                    parameters: paging, answer: "IncidentList"), handler: clusterIncidents),
            Route(
                .get, "/api/v1/incidents", .permission(.viewFleet),
                Operation(
                    "listIncidents", tag: "verdict", "Incidents, newest first.", parameters: paging,
                    answer: "IncidentList"), handler: incidents),
            Route(
                .get, "/api/v1/incidents/{id}", .permission(.viewFleet),
                Operation("getIncident", tag: "verdict", "One incident.", answer: "Incident"), handler: incident),
        ]
    }

    @Sendable private func verdict(_ request: Request, _ context: APIContext) async throws -> Response {
        let name = try context.parameters.require("name")
        guard services.health.detail(name) != nil else { throw APIError.notFound("there is no cluster \(name)") }
        let at = try request.whole("at", in: 0...Int(Int32.max) * 1000).map { Timestamp(milliseconds: Int64($0)) }
        let verdicts = services.verdicts
        let verdict = try await context.whileConnected {
            try await gate.run(within: services.engine.options.timeout) { () throws(QueryError) in
                try await verdicts.verdict(on: name, at: at)
            }
        }
        return .json { json in
            json.key("verdict")
            if let verdict { verdict.write(to: &json) } else { json.null() }
        }
    }

    @Sendable private func clusterIncidents(_ request: Request, _ context: APIContext) async throws -> Response {
        try await page(of: try context.parameters.require("name"), request, context)
    }

    @Sendable private func incidents(_ request: Request, _ context: APIContext) async throws -> Response {
        try await page(of: nil, request, context)
    }

    private func page(of cluster: String?, _ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let limit = try request.whole("limit", in: 1...limits.pageSize) ?? 50
        let before = try request.whole("before", in: 1...Int.max).map(Int64.init)
        let incidents = try await services.incidents.incidents(cluster: cluster, before: before, limit: limit)
        return .json {
            $0.member("incidents", answers: incidents.filter { principal.sees($0.cluster) })
            $0.member("next", incidents.count == limit ? incidents.last.map { String($0.id) } : nil)
        }
    }

    @Sendable private func incident(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let text = try context.parameters.require("id")
        // Who may not see a cluster learns nothing of its incidents, not even that they are.
        guard let id = Int64(text), let incident = try await services.incidents.incident(id),
            principal.sees(incident.cluster)
        else { throw APIError.notFound("there is no incident \(text)") }
        var json = JSONWriter()
        incident.write(to: &json)
        return .json(json.bytes)
    }
}

extension Incident: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("id", String(id))
            $0.member("cluster", cluster)
            $0.member("began", began.milliseconds)
            $0.member("lastSeen", lastSeen.milliseconds)
            $0.member("ended", ended?.milliseconds)
            $0.key("verdict")
            $0.raw(verdict.utf8)
        }
    }
}
