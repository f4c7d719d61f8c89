/// What a user is trusted with. Each role may do all that the one before it may.
public enum Role: String, Sendable, CaseIterable, Comparable {
    /// Sees everything of a cluster, changes nothing.
    case viewer
    /// Acts on a cluster without risk to its data or to access: test notifications, commands that read.
    case `operator`
    /// Enrols and revokes, manages users and tokens, reads the audit log.
    case admin

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .operator: 1
        case .admin: 2
        }
    }

    /// By trust.
    public static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }
}

/// Which role is held where.
public struct Grants: Hashable, Sendable {
    /// The role on the installation and on all of its clusters; nil for none.
    public var everywhere: Role?
    /// Roles on single clusters, by the cluster's unique name; they add to `everywhere`, they never take away.
    public var clusters: [String: Role]

    /// The role `everywhere` and those on single clusters.
    public init(everywhere: Role?, clusters: [String: Role] = [:]) {
        self.everywhere = everywhere
        self.clusters = clusters
    }

    /// The role held on `cluster`; with nil, on the installation as a whole.
    public func role(on cluster: String?) -> Role? {
        guard let cluster, let here = clusters[cluster] else { return everywhere }
        return everywhere.map { max($0, here) } ?? here
    }

    /// Whether every role of `other` is held here too.
    public func cover(_ other: Grants) -> Bool {
        if let wanted = other.everywhere {
            guard let held = everywhere, held >= wanted else { return false }
        }
        return other.clusters.allSatisfy { cluster, wanted in role(on: cluster).map { $0 >= wanted } ?? false }
    }
}
