internal import Access
internal import Hummingbird
internal import JSON
internal import Model

/// Users and API tokens.
struct UserRoutes: Sendable {
    let services: APIServices
    let limits: APILimits

    var routes: [Route] {
        [
            Route(
                .get, "/api/v1/users", .permission(.manageUsers),
                Operation("listUsers", tag: "users", "All users.", answer: "UserList"), handler: list),
            Route(
                .post, "/api/v1/users", .permission(.manageUsers),
                Operation("createUser", tag: "users", "Makes a user.", body: "NewUser", status: 201, answer: "User"),
                handler: create),
            Route(
                .patch, "/api/v1/users/{user}", .recognised,
                Operation(
                    "changeUser", tag: "users",
                    "Changes roles or a password; one's own password needs the current one.", body: "UserChange",
                    answer: "User"), handler: change),
            Route(
                .delete, "/api/v1/users/{user}", .permission(.manageUsers),
                Operation("deleteUser", tag: "users", "Removes a user with sessions and tokens.", status: 204),
                handler: delete),
            Route(
                .get, "/api/v1/tokens", .recognised,
                Operation(
                    "listTokens", tag: "users", "One's own API tokens, or with all=true everyone's.",
                    parameters: [.query("all", "true for everyone's.", type: "boolean")], answer: "TokenList"),
                handler: tokens),
            Route(
                .post, "/api/v1/tokens", .permission(.manageOwnTokens),
                Operation(
                    "createToken", tag: "users", "Makes an API token; its secret is shown this once.",
                    body: "NewToken", status: 201, answer: "TokenSecret"), handler: createToken),
            Route(
                .delete, "/api/v1/tokens/{id}", .permission(.manageOwnTokens),
                Operation("revokeToken", tag: "users", "Ends an API token.", status: 204), handler: revokeToken),
        ]
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let users = try await services.access.users()
        return .json { $0.member("users", answers: users) }
    }

    @Sendable private func create(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await JSONBody(request, limit: limits.bodyBytes)
        let user = try await services.access.createUser(
            try body.text("name"), password: try body.text("password"), grants: try Self.grants(body),
            by: try context.requirePrincipal(), from: context.peer)
        return Self.answer(user, status: .created)
    }

    @Sendable private func change(_ request: Request, _ context: APIContext) async throws -> Response {
        let name = try context.parameters.require("user")
        let principal = try context.requirePrincipal()
        let body = try await JSONBody(request, limit: limits.bodyBytes)
        if let password = try body.optionalText("password") {
            try await services.access.changePassword(
                of: name, to: password, current: try body.optionalText("currentPassword"), by: principal,
                from: context.peer)
        }
        if try body.optionalText("role") != nil || body.optionalTextsByName("clusters") != nil {
            try await services.access.setGrants(
                of: name, to: try Self.grants(body), by: principal, from: context.peer)
        }
        return Self.answer(try await services.access.user(named: name), status: .ok)
    }

    @Sendable private func delete(_ request: Request, _ context: APIContext) async throws -> Response {
        try await services.access.deleteUser(
            try context.parameters.require("user"), by: try context.requirePrincipal(), from: context.peer)
        return .done
    }

    @Sendable private func tokens(_ request: Request, _ context: APIContext) async throws -> Response {
        let tokens = try await services.access.tokens(
            of: try context.requirePrincipal(), everyones: request.parameter("all") == "true")
        return .json { $0.member("tokens", answers: tokens) }
    }

    @Sendable private func createToken(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await JSONBody(request, limit: limits.bodyBytes)
        guard let role = Role(rawValue: try body.text("role")) else {
            throw APIError.badRequest("'role' must be viewer, operator or admin")
        }
        let lifetime = try body.optionalNumber("ttlSeconds").map { Duration.seconds($0) }
        let (token, secret) = try await services.access.createToken(
            named: try body.text("name"), role: role, clusters: try body.optionalTexts("clusters"), lifetime: lifetime,
            by: try context.requirePrincipal(), from: context.peer)
        return .json(status: .created) {
            $0.member("id", String(token.id))
            $0.member("token", secret)
            $0.member("expires", token.expiresAt?.milliseconds)
        }
    }

    @Sendable private func revokeToken(_ request: Request, _ context: APIContext) async throws -> Response {
        guard let id = Int64(try context.parameters.require("id")) else { throw APIError.notFound("no such token") }
        try await services.access.revokeToken(id, by: try context.requirePrincipal(), from: context.peer)
        return .done
    }

    private static func grants(_ body: JSONBody) throws -> Grants {
        func role(_ word: String) throws -> Role {
            guard let role = Role(rawValue: word) else {
                throw APIError.badRequest("a role must be viewer, operator or admin")
            }
            return role
        }
        return Grants(
            everywhere: try body.optionalText("role").map(role),
            clusters: try (body.optionalTextsByName("clusters") ?? [:]).mapValues(role))
    }

    private static func answer(_ user: User, status: HTTPResponse.Status) -> Response {
        var json = JSONWriter()
        user.write(to: &json)
        return .json(json.bytes, status: status)
    }
}

extension User: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("name", name)
            $0.member("role", grants.everywhere?.rawValue)
            $0.key("clusters")
            $0.object {
                for (cluster, role) in grants.clusters.sorted(by: { $0.key < $1.key }) {
                    $0.member(cluster, role.rawValue)
                }
            }
            $0.member("createdAt", createdAt.milliseconds)
            $0.member("lastSignInAt", lastSignInAt?.milliseconds)
        }
    }
}

extension APIToken: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("id", String(id))
            $0.member("owner", owner)
            $0.member("name", name)
            $0.member("role", role.rawValue)
            $0.key("clusters")
            if let clusters { $0.array { for cluster in clusters { $0.string(cluster) } } } else { $0.null() }
            $0.member("createdAt", createdAt.milliseconds)
            $0.member("expires", expiresAt?.milliseconds)
            $0.member("lastUsedAt", lastUsedAt?.milliseconds)
        }
    }
}
