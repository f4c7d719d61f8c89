internal import Access
internal import Cryptography
internal import HTTPTypes
internal import Hummingbird

/// Recognises who asks and decides by the route's declaration. The only place where the API asks for permission; rooms
/// that change something ask the same `Policy` again.
struct RouteGate: Sendable {
    let access: AccessService

    /// Header that a form on another site cannot send.
    static let requestedWith = "X-Requested-With"
    static let requestedWithValue = "etcd-monitor"

    /// The context with who asks in it.
    ///
    /// - Throws: 401, 403.
    func admit(_ request: Request, _ context: APIContext, to route: Route) async throws -> APIContext {
        var context = context
        switch route.access {
        case .open, .signature:
            return context
        case .hostOrInstallationViewer where context.isFromLoopback:
            return context
        case .hostOrInstallationViewer:
            let principal = try await recognise(request, from: context.peer)
            try await access.require(principal, .viewInstallation, from: context.peer)
            context.principal = principal
        case .recognised:
            context.principal = try await recognise(request, from: context.peer)
        case .permission(let permission, let parameter):
            let principal = try await recognise(request, from: context.peer)
            let cluster = try parameter.map { try context.parameters.require($0) }
            try await access.require(principal, permission, cluster: cluster, from: context.peer)
            context.principal = principal
        }
        return context
    }

    /// Who asks: by a bearer token if one is sent, else by the session of the cookie. Clients of Prometheus's API may
    /// also send a name and a password, which is the user's or one of his tokens.
    ///
    /// - Throws: 401 if none is valid (any more).
    func recognise(_ request: Request, from peer: String) async throws -> Principal {
        if let authorization = request.headers[.authorization] {
            let parts = authorization.split(separator: " ", maxSplits: 1)
            let takesBasic = request.uri.path.hasPrefix(PrometheusRoutes.root)
            switch (parts.first?.lowercased(), parts.count) {
            case ("bearer", 2): return try await access.authenticate(bearer: String(parts[1]))
            case ("basic", 2) where takesBasic: return try await recognise(basic: String(parts[1]), from: peer)
            default:
                throw APIError.unauthenticated(
                    "the Authorization header must be 'Bearer TOKEN'\(takesBasic ? " or 'Basic …'" : "")")
            }
        }
        guard let session = SessionCookie.read(request) else {
            throw APIError.unauthenticated("sign in, or send an API token as 'Authorization: Bearer TOKEN'")
        }
        try Self.requireSameSite(request)
        return try await access.authenticate(session: session)
    }

    /// A browser adds these by itself to what other sites make it ask, as it does a cookie: so only where nothing is
    /// changed, or where it has to ask first (remote-write's media type).
    private func recognise(basic credentials: String, from peer: String) async throws -> Principal {
        guard let bytes = Base64.decode(credentials), let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
            throw APIError.unauthenticated("the Authorization header must be 'Basic' and base64 of NAME:PASSWORD")
        }
        let password = String(decoding: bytes[(colon + 1)...], as: UTF8.self)
        return try await access.authenticate(
            name: String(decoding: bytes[..<colon], as: UTF8.self), password: password, from: peer)
    }

    /// A browser sends its cookie along with what other sites make it ask; it does not send our header.
    private static func requireSameSite(_ request: Request) throws {
        guard ![.get, .head, .options].contains(request.method), let name = HTTPField.Name(requestedWith) else {
            return
        }
        guard request.headers[name] == requestedWithValue else {
            throw APIError(
                .forbidden, "missing-header",
                "a change with a session cookie needs the header"
                    + " '\(requestedWith): \(requestedWithValue)'")
        }
    }
}
