/// Someone who has been recognised: what they are called, and the most that they may do.
public struct Principal: Hashable, Sendable {
    /// How they came in.
    public enum Kind: Hashable, Sendable {
        /// A person with a session.
        case session
        /// A program with the API token of this id.
        case token(id: Int64)
        /// A program with a user's name and password in its request.
        case password
        /// The program itself, or its operator at the command line of the host.
        case local
    }

    /// How they came in.
    public var kind: Kind
    /// The row of the user, or of the token's owner; nil for `.local`.
    public var userID: Int64?
    /// The user's name, `name/token` for a token.
    public var name: String
    /// The user's roles as they are now, already cut to the token's.
    public var grants: Grants
    /// The clusters that a token is limited to; nil for no limit.
    public var clusters: Set<String>?

    /// The principal `name` with these grants.
    public init(kind: Kind, userID: Int64?, name: String, grants: Grants, clusters: Set<String>? = nil) {
        self.kind = kind
        self.userID = userID
        self.name = name
        self.grants = grants
        self.clusters = clusters
    }

    /// The operator at the host's own command line, who holds the state directory anyway.
    public static let local = Principal(
        kind: .local, userID: nil, name: "local", grants: Grants(everywhere: .admin))

    /// The highest role held anywhere; what a user list shows.
    public var role: Role? { ([grants.everywhere] + grants.clusters.values.map { $0 }).compactMap { $0 }.max() }

    /// Whether `cluster` may be shown in lists.
    public func sees(_ cluster: String) -> Bool {
        Policy.decide(self, .viewCluster, cluster: cluster).isAllowed
    }

    /// Whether nothing needs to be left out of lists.
    public var seesAllClusters: Bool { clusters == nil && grants.everywhere != nil }
}
