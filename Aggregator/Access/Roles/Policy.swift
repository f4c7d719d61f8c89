/// The one place that decides who may do what, and where.
public enum Policy {
    /// The answer to a request.
    public enum Decision: Hashable, Sendable {
        case allowed
        case refused(reason: String)

        /// Whether it is allowed.
        public var isAllowed: Bool { self == .allowed }
    }

    /// Whether `principal` has `permission`: on `cluster`, or with nil, on the installation as a whole.
    ///
    /// - Returns: a refusal names what is missing, so that the person knows what to ask for.
    public static func decide(_ principal: Principal, _ permission: Permission, cluster: String? = nil) -> Decision {
        switch principal.kind {
        case .token where permission.needsSession, .password where permission.needsSession:
            return .refused(reason: "\(permission.rawValue) needs a signed-in user, not an API token or a password")
        default: break
        }
        if let limits = principal.clusters, let refusal = outside(limits, permission, cluster) { return refusal }
        let held: Role?
        switch permission.scope {
        case .cluster: held = principal.grants.role(on: cluster)
        case .installation: held = principal.grants.everywhere
        case .anywhere: held = principal.role
        }
        if let held, held >= permission.role { return .allowed }
        return .refused(reason: missing(permission, cluster, held))
    }

    /// Throws `AccessError.forbidden` unless `principal` has `permission`.
    public static func require(
        _ principal: Principal, _ permission: Permission, cluster: String? = nil
    ) throws(AccessError) {
        if case .refused(let reason) = decide(principal, permission, cluster: cluster) {
            throw AccessError(.forbidden, reason)
        }
    }

    private static func outside(_ limits: Set<String>, _ permission: Permission, _ cluster: String?) -> Decision? {
        switch permission.scope {
        case .anywhere: return nil
        case .installation:
            return .refused(reason: "the token is limited to clusters; \(permission.rawValue) is not about one")
        case .cluster:
            if let cluster, limits.contains(cluster) { return nil }
            return .refused(
                reason: cluster.map { "the token is not for the cluster \($0)" }
                    ?? "the token is limited to clusters; name one of them")
        }
    }

    private static func missing(_ permission: Permission, _ cluster: String?, _ held: Role?) -> String {
        let place: String
        switch permission.scope {
        case .cluster: place = cluster.map { "on the cluster \($0)" } ?? "on all clusters"
        case .installation: place = "on the installation"
        case .anywhere: place = "on a cluster"
        }
        let have = held.map { "\($0.rawValue) is held" } ?? "no role is held there"
        return "\(permission.rawValue) needs the role \(permission.role.rawValue) \(place); \(have)"
    }
}
