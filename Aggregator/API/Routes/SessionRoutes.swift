internal import Access
internal import Hummingbird
internal import JSON
internal import Model

/// Signing in and out.
struct SessionRoutes: Sendable {
    let services: APIServices
    let limits: APILimits

    var routes: [Route] {
        [
            Route(
                .post, "/api/v1/session", .open,
                Operation(
                    "signIn", tag: "session", "Signs in; the answer sets the session cookie.", body: "SignIn",
                    answer: "Session"), handler: signIn),
            Route(
                .get, "/api/v1/session", .recognised,
                Operation("getSession", tag: "session", "Who is signed in.", answer: "Session"), handler: show),
            Route(
                .delete, "/api/v1/session", .open,
                Operation("signOut", tag: "session", "Ends the session.", status: 204), handler: signOut),
        ]
    }

    @Sendable private func signIn(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await JSONBody(request, limit: limits.bodyBytes)
        let session = try await services.access.signIn(
            name: try body.text("username"), password: try body.text("password"), from: context.peer)
        var response = Self.answer(session.principal)
        let lifetime = session.expiresAt - services.clock.now
        response.headers[.setCookie] = SessionCookie.header(secret: session.id, lifetime: lifetime)
        return response
    }

    @Sendable private func show(_ request: Request, _ context: APIContext) async throws -> Response {
        Self.answer(try context.requirePrincipal())
    }

    /// Open, and harmless without a session: whoever signs out is signed out, even if the session has ended already.
    @Sendable private func signOut(_ request: Request, _ context: APIContext) async throws -> Response {
        if let session = SessionCookie.read(request) {
            try await services.access.signOut(session: session, from: context.peer)
        }
        var response = Response.done
        response.headers[.setCookie] = SessionCookie.ending
        return response
    }

    private static func answer(_ principal: Principal) -> Response {
        .json {
            $0.key("user")
            $0.object {
                $0.member("name", principal.name)
                $0.member("role", principal.role?.rawValue)
                $0.key("clusters")
                $0.object {
                    for (cluster, role) in principal.grants.clusters.sorted(by: { $0.key < $1.key }) {
                        $0.member(cluster, role.rawValue)
                    }
                }
            }
        }
    }
}
