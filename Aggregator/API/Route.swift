internal import Access
internal import Hummingbird

/// One route: who may use it, what it is called in OpenAPI, and what answers.
struct Route: Sendable {
    /// Who may use it. The gate decides by this alone.
    enum Access: Sendable, Hashable {
        /// Anyone: it tells nothing, or is how one becomes known.
        case open
        /// An agent's signature, checked by the handler over the body.
        case signature
        /// Whoever is recognised.
        case recognised
        /// A principal with this permission, on the cluster that the path parameter names, or with nil on the
        /// installation. (A list asks for a permission that is held anywhere, and shows what the principal sees.)
        case permission(Permission, clusterParameter: String?)
        /// The host itself (a loopback address), or a principal with `viewInstallation`.
        case hostOrInstallationViewer
    }

    typealias Handler = @Sendable (Request, APIContext) async throws -> Response

    /// GET, POST, …
    let method: HTTPRequest.Method
    /// `/api/v1/clusters/{name}`
    let path: String
    /// Who may use it.
    let access: Access
    /// For `/api/openapi.json`.
    let operation: Operation
    /// What answers.
    let handler: Handler

    init(
        _ method: HTTPRequest.Method, _ path: String, _ access: Access, _ operation: Operation,
        handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.operation = operation
        self.handler = handler
    }
}

extension Route.Access {
    /// `permission` on the cluster that the path's `{name}` names.
    static func onCluster(_ permission: Permission) -> Route.Access {
        .permission(permission, clusterParameter: "name")
    }

    /// `permission`, wherever its scope asks for it.
    static func permission(_ permission: Permission) -> Route.Access {
        .permission(permission, clusterParameter: nil)
    }
}
