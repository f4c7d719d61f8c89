internal import Access
internal import Commands
internal import Hummingbird
internal import JSON
internal import Model

/// Disk checks on the hosts of a cluster: asked for, followed, cancelled, compared.
struct DiskCheckRoutes: Sendable {
    let services: APIServices
    let limits: APILimits

    private static let list = "/api/v1/clusters/{name}/disk-checks"

    var routes: [Route] {
        [
            Route(
                .post, "/api/v1/clusters/{name}/nodes/{node}/disk-checks", .onCluster(.runDiskCheck),
                Operation(
                    "checkDisk", tag: "disks", "Checks the disk under the WAL of a node's member with fio.",
                    body: "DiskCheckWish", status: 202, answer: "DiskCheckList"), handler: checkOne),
            Route(
                .post, Self.list, .onCluster(.runDiskCheck),
                Operation(
                    "checkDisks", tag: "disks", "Checks the disks of all nodes, one at a time, followers first.",
                    body: "DiskCheckWish", status: 202, answer: "DiskCheckList"), handler: checkAll),
            Route(
                .get, Self.list, .onCluster(.viewCluster),
                Operation(
                    "listDiskChecks", tag: "disks",
                    "Disk checks, newest first, and how each node's disk does compared with how it did.",
                    parameters: [
                        .query("node", "Only this node."), .query("before", "Only those with smaller numbers."),
                        .query("limit", "At most this many.", type: "integer"),
                    ], answer: "DiskCheckList"), handler: checks),
            Route(
                .get, Self.list + "/{id}", .onCluster(.viewCluster),
                Operation("getDiskCheck", tag: "disks", "One disk check with its progress.", answer: "DiskCheck"),
                handler: check),
            Route(
                .delete, Self.list + "/{id}", .onCluster(.runDiskCheck),
                Operation("cancelDiskCheck", tag: "disks", "Cancels a disk check.", status: 204), handler: cancel),
        ]
    }

    private var desk: CommandDesk {
        get throws {
            guard let desk = services.commands else { throw APIError.notFound("this aggregator asks nothing of hosts") }
            return desk
        }
    }

    @Sendable private func checkOne(_ request: Request, _ context: APIContext) async throws -> Response {
        try await check(node: try context.parameters.require("node"), request, context)
    }

    @Sendable private func checkAll(_ request: Request, _ context: APIContext) async throws -> Response {
        try await check(node: nil, request, context)
    }

    private func check(node: String?, _ request: Request, _ context: APIContext) async throws -> Response {
        let cluster = try context.parameters.require("name")
        let principal = try context.requirePrincipal()
        let body = try await JSONBody(request, limit: limits.bodyBytes)
        let wish = try DiskCheckWish(
            member: try body.optionalText("member"), profile: try body.optionalText("profile") ?? "etcd",
            runs: Int(clamping: try body.optionalNumber("runs") ?? 3),
            jobs: Int(clamping: try body.optionalNumber("jobs") ?? 1))
        let desk = try desk
        do {
            let commands = try await desk.requestDiskChecks(wish, cluster: cluster, node: node, by: principal.name)
            try await audit(principal, context, cluster, object: node ?? "all nodes", reason: wish.profile)
            return .json(status: .accepted) {
                $0.member("checks", answers: commands.map { DiskCheckAnswer(command: $0, desk: desk) })
                $0.member("next", nil as String?)
                $0.member("baselines", answers: [BaselineAnswer]())
            }
        } catch let error as CommandError {
            try await audit(
                principal, context, cluster, object: node ?? "all nodes", outcome: .refused, reason: error.message)
            throw error
        }
    }

    @Sendable private func checks(_ request: Request, _ context: APIContext) async throws -> Response {
        let cluster = try context.parameters.require("name")
        let limit = try request.whole("limit", in: 1...limits.pageSize) ?? 50
        let desk = try desk
        let node = request.parameter("node")
        let page = try await desk.diskChecks(
            cluster, node: node, before: try request.whole("before", in: 1...Int.max).map(Int64.init), limit: limit)
        let baselines = DiskBaseline.all(try await desk.diskChecks(cluster, node: node, limit: limits.pageSize))
        return .json {
            $0.member("checks", answers: page.map { DiskCheckAnswer(command: $0, desk: desk) })
            $0.member("next", page.count == limit ? page.last.map { String($0.number) } : nil)
            $0.member("baselines", answers: baselines.map(BaselineAnswer.init))
        }
    }

    @Sendable private func check(_ request: Request, _ context: APIContext) async throws -> Response {
        let desk = try desk
        let command = try await desk.command(
            try context.parameters.require("id"), of: try context.parameters.require("name"))
        var json = JSONWriter()
        DiskCheckAnswer(command: command, desk: desk).write(to: &json)
        return .json(json.bytes)
    }

    @Sendable private func cancel(_ request: Request, _ context: APIContext) async throws -> Response {
        let cluster = try context.parameters.require("name")
        let id = try context.parameters.require("id")
        let principal = try context.requirePrincipal()
        try await desk.cancel(id, of: cluster, by: principal.name)
        try await audit(principal, context, cluster, object: id, reason: "cancelled")
        return .done
    }

    private func audit(
        _ principal: Principal, _ context: APIContext, _ cluster: String, object: String,
        outcome: AuditEvent.Outcome = .done, reason: String
    ) async throws {
        try await services.access.audit.append(
            AuditEvent(
                actor: principal.name, address: context.peer, action: Permission.runDiskCheck.rawValue, object: object,
                cluster: cluster, outcome: outcome, reason: reason))
    }
}
