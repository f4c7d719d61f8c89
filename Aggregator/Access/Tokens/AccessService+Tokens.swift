internal import Cryptography
public import Model
internal import Postgres

/// What lets a program in. The secret itself is shown once and not kept.
public struct APIToken: Hashable, Sendable {
    /// The row; not the secret.
    public var id: Int64
    /// Whose it is.
    public var owner: String
    /// What it is for, unique per owner.
    public var name: String
    /// The most it may do: never more than its owner may at that moment.
    public var role: Role
    /// The clusters it is limited to; nil for no limit.
    public var clusters: [String]?
    /// When it was made.
    public var createdAt: Timestamp
    /// When it stops to count; nil for never.
    public var expiresAt: Timestamp?
    /// When it last let someone in, to the minute; nil for never.
    public var lastUsedAt: Timestamp?
}

extension AccessService {
    /// Makes a token for the signed-in `principal`.
    ///
    /// - Parameters:
    ///   - role: at most the owner's.
    ///   - clusters: limits it to these; nil for none.
    ///   - lifetime: nil for no end; otherwise a minute to ten years.
    /// - Returns: the token, and its secret (`emu_…`), this once.
    /// - Throws: `.forbidden` above one's own role, `.alreadyExists`, `.invalid`.
    public func createToken(
        named name: String, role: Role, clusters: [String]?, lifetime: Duration?, by principal: Principal,
        from address: String
    ) async throws -> (token: APIToken, secret: String) {
        try await require(principal, .manageOwnTokens, object: name, from: address)
        guard let owner = principal.userID else {
            throw AccessError(.invalid, "a token belongs to a user; name one")
        }
        return try await createToken(
            named: name, role: role, clusters: clusters, lifetime: lifetime, owner: owner,
            ownerGrants: principal.grants,
            by: principal, from: address)
    }

    /// Makes a token for the user `owner`: for the host's own command line and for administrators.
    ///
    /// - Throws: `.notFound`, and as the one for oneself.
    public func createToken(
        named name: String, role: Role, clusters: [String]?, lifetime: Duration?, for owner: String,
        by principal: Principal, from address: String
    ) async throws -> (token: APIToken, secret: String) {
        try await require(principal, .manageTokens, object: "\(owner)/\(name)", from: address)
        let user = try await user(named: owner)
        return try await createToken(
            named: name, role: role, clusters: clusters, lifetime: lifetime, owner: user.id, ownerGrants: user.grants,
            by: principal, from: address)
    }

    /// The tokens of `principal`, or with `everyones` (needs `.manageTokens`), all.
    public func tokens(of principal: Principal, everyones: Bool = false) async throws -> [APIToken] {
        if everyones { try Policy.require(principal, .manageTokens) }
        let rows = try await pool.query(
            """
            select t.id, a.name as owner, t.name, t.role, t.clusters, t.created_at, t.expires_at, t.last_used_at
            from api_token t join account a on a.id = t.account_id
            where \(everyones) or t.account_id = \(principal.userID) order by a.name, t.name
            """)
        return try rows.map(APIToken.init(row:))
    }

    /// Ends the token `id`: one's own, or anyone's with `.manageTokens`.
    ///
    /// - Throws: `.notFound` also for another's token, if one may not manage those.
    public func revokeToken(_ id: Int64, by principal: Principal, from address: String) async throws {
        try await require(principal, .manageOwnTokens, object: "token \(id)", from: address)
        let managesAll = Policy.decide(principal, .manageTokens).isAllowed
        try await pool.transaction { connection in
            let rows = try await connection.query(
                """
                delete from api_token t using account a
                where t.id = \(id) and a.id = t.account_id and (\(managesAll) or t.account_id = \(principal.userID))
                returning a.name as owner, t.name
                """)
            guard let row = rows.first else { throw AccessError(.notFound, "there is no token \(id) of yours") }
            let object = "\(try row["owner", as: String.self])/\(try row["name", as: String.self])"
            try await self.record(principal, address, .manageOwnTokens, object, "token revoked", in: connection)
        }
    }

    /// Who holds the API token `secret`.
    ///
    /// - Throws: `.unauthenticated` if it is unknown, expired or revoked.
    public func authenticate(bearer secret: String) async throws -> Principal {
        guard secret.hasPrefix(Self.tokenPrefix), secret.utf8.count == Self.tokenPrefix.utf8.count + 43 else {
            throw Self.unauthenticated
        }
        let now = clock.now
        let digest = Self.digest(secret)
        let rows = try await pool.query(
            """
            select t.id as token, t.name as token_name, t.role as token_role, t.clusters as token_clusters,
                   t.last_used_at, a.id, a.name, a.role,
                   array(select r.cluster from account_cluster_role r where r.account_id = a.id order by 1) as clusters,
                   array(select r.role from account_cluster_role r where r.account_id = a.id order by r.cluster) as roles
            from api_token t join account a on a.id = t.account_id
            where t.digest = \(digest) and (t.expires_at is null or t.expires_at > \(now))
            """)
        guard let row = rows.first, let cap = Role(rawValue: try row["token_role"]) else { throw Self.unauthenticated }
        let lastUse: Timestamp? = try row["last_used_at"]
        if lastUse.map({ now - $0 >= .seconds(60) }) ?? true {
            try await pool.execute("update api_token set last_used_at = \(now) where digest = \(digest)")
        }
        let owner = try Grants(role: row["role"], clusters: row["clusters"], roles: row["roles"])
        let clusters: [String]? = try row["token_clusters"]
        return Principal(
            kind: .token(id: try row["token"]), userID: try row["id"],
            name: "\(try row["name", as: String.self])/\(try row["token_name", as: String.self])",
            grants: owner.cut(to: cap), clusters: clusters.map(Set.init))
    }

    static var tokenPrefix: String { "emu_" }

    private func createToken(
        named name: String, role: Role, clusters: [String]?, lifetime: Duration?, owner: Int64, ownerGrants: Grants,
        by principal: Principal, from address: String
    ) async throws -> (token: APIToken, secret: String) {
        try Self.check(name, clusters, lifetime)
        guard Self.covers(ownerGrants, role, clusters) else {
            let reason =
                "a token cannot have a higher role than its owner: \(role.rawValue) is more than \(ownerGrants)"
            try await audit.append(
                AuditEvent(
                    actor: principal.name, address: address, action: Permission.manageOwnTokens.rawValue, object: name,
                    outcome: .refused, reason: reason))
            throw AccessError(.forbidden, reason)
        }
        let secret = Self.tokenPrefix + Base64.encodeURL(SecureRandom.bytes(32))
        let now = clock.now
        let id: Int64 = try await pool.transaction { connection in
            let rows = try await connection.query(
                """
                insert into api_token (digest, account_id, name, role, clusters, created_at, expires_at)
                values (\(Self.digest(secret)), \(owner), \(name), \(role.rawValue), \(Self.textArray(clusters)), \(now),
                        \(lifetime.map { now + $0 }))
                on conflict (account_id, name) do nothing returning id
                """)
            guard let row = rows.first else {
                throw AccessError(.alreadyExists, "there is a token \(name) already; revoke it first")
            }
            let scope = clusters.map { " on \($0.joined(separator: ", "))" } ?? ""
            try await self.record(
                principal, address, .manageOwnTokens, name, "token created: \(role.rawValue)\(scope)", in: connection)
            return try row["id"]
        }
        let rows = try await pool.query(
            """
            select t.id, a.name as owner, t.name, t.role, t.clusters, t.created_at, t.expires_at, t.last_used_at
            from api_token t join account a on a.id = t.account_id where t.id = \(id)
            """)
        guard let row = rows.first else { throw AccessError(.notFound, "the token was revoked at once") }
        return (try APIToken(row: row), secret)
    }

    private static func textArray(_ texts: [String]?) -> SQL {
        texts.map { "\($0)::text[]" } ?? "null"
    }

    private static func check(_ name: String, _ clusters: [String]?, _ lifetime: Duration?) throws(AccessError) {
        guard (1...100).contains(name.count), !name.contains("/"), name.unicodeScalars.allSatisfy({ $0.value >= 32 })
        else { throw AccessError(.invalid, "a token's name has 1 to 100 characters, without a slash") }
        if let clusters, clusters.isEmpty || clusters.count > 1000 || !clusters.allSatisfy(User.isValidCluster) {
            throw AccessError(.invalid, "a token is limited to at least one cluster, by its name, or not at all")
        }
        if let lifetime, lifetime < .seconds(60) || lifetime > .seconds(3660 * 86_400) {
            throw AccessError(.invalid, "a token lives for a minute to ten years, or without an end")
        }
    }

    /// Whether the owner holds `role` wherever the token may be used; without a limit, anywhere at all.
    private static func covers(_ owner: Grants, _ role: Role, _ clusters: [String]?) -> Bool {
        if let clusters { return clusters.allSatisfy { (owner.role(on: $0) ?? nil).map { $0 >= role } ?? false } }
        return ([owner.everywhere] + owner.clusters.values.map { $0 }).compactMap { $0 }.max().map { $0 >= role }
            ?? false
    }
}

extension Grants {
    /// No role higher than `cap`.
    func cut(to cap: Role) -> Grants {
        Grants(everywhere: everywhere.map { min($0, cap) }, clusters: clusters.mapValues { min($0, cap) })
    }
}

extension APIToken {
    fileprivate init(row: Row) throws {
        let role: String = try row["role"]
        self.init(
            id: try row["id"], owner: try row["owner"], name: try row["name"], role: Role(rawValue: role) ?? .viewer,
            clusters: try row["clusters"], createdAt: try row["created_at"], expiresAt: try row["expires_at"],
            lastUsedAt: try row["last_used_at"])
    }
}
