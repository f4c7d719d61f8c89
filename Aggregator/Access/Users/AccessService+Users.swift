internal import Cryptography
internal import Model
internal import Postgres

extension AccessService {
    /// Makes the user `admin` with a random password if there are no users at all.
    ///
    /// - Returns: the password, this once; nil if there are users.
    public func makeFirstAdministrator() async throws -> String? {
        // Asked without the lock first: hashing costs 100 ms at each start.
        guard try await pool.query("select 1 as one from account limit 1").isEmpty else { return nil }
        let password = Base64.encodeURL(SecureRandom.bytes(18))
        let hash = try await passwords.hash(password)
        return try await pool.transaction { connection in
            try await connection.lockUntilCommit("accounts")
            guard try await connection.query("select 1 as one from account limit 1").isEmpty else { return nil }
            try await self.insert("admin", hash, Grants(everywhere: .admin), in: connection)
            try await self.audit.append(
                AuditEvent(
                    actor: Principal.local.name, action: "manage-users", object: "admin",
                    reason: "first start: role admin"),
                in: connection)
            return password
        }
    }

    /// All users by name.
    public func users() async throws -> [User] {
        try await pool.query(Self.userQuery + " group by a.id order by a.name").map(User.init(row:))
    }

    /// The user `name`.
    ///
    /// - Throws: `.notFound`.
    public func user(named name: String) async throws -> User {
        let rows = try await pool.query(Self.userQuery + " where a.name = \(name) group by a.id")
        guard let row = rows.first else { throw Self.noUser(name) }
        return try User(row: row)
    }

    /// Makes a user.
    ///
    /// - Throws: `.alreadyExists`, `.invalid` (name, password, no role at all), `.forbidden`.
    public func createUser(
        _ name: String, password: String, grants: Grants, by principal: Principal, from address: String
    ) async throws -> User {
        try await require(principal, .manageUsers, object: name, from: address)
        guard User.isValidName(name) else {
            throw AccessError(
                .invalid,
                "a user's name is 1 to 64 of a-z, 0-9, dot, hyphen, underscore, and begins with a letter or digit")
        }
        try PasswordRule.check(password, name: name)
        try Self.check(grants)
        let hash = try await passwords.hash(password)
        try await pool.transaction { connection in
            try await connection.lockUntilCommit("accounts")
            guard try await connection.query("select 1 as one from account where name = \(name)").isEmpty else {
                throw AccessError(.alreadyExists, "there is a user \(name) already")
            }
            try await self.insert(name, hash, grants, in: connection)
            try await self.record(principal, address, .manageUsers, name, "created: \(grants)", in: connection)
        }
        return try await user(named: name)
    }

    /// Replaces what `name` is trusted with; ends their sessions.
    ///
    /// - Throws: `.notFound`, `.lastAdministrator`, `.invalid`, `.forbidden`.
    public func setGrants(
        of name: String, to grants: Grants, by principal: Principal, from address: String
    ) async throws {
        try await require(principal, .manageUsers, object: name, from: address)
        try Self.check(grants)
        try await pool.transaction { connection in
            try await connection.lockUntilCommit("accounts")
            let id = try await self.accountID(name, in: connection)
            try await connection.execute("update account set role = \(grants.everywhere?.rawValue) where id = \(id)")
            try await connection.execute("delete from account_cluster_role where account_id = \(id)")
            try await self.insert(grants.clusters, of: id, in: connection)
            try await self.keepAnAdministrator(in: connection)
            try await connection.execute("delete from session where account_id = \(id)")
            try await self.record(principal, address, .manageUsers, name, "roles: \(grants)", in: connection)
        }
    }

    /// Gives `name` a new password; ends their sessions. One's own needs `.changeOwnPassword`, and `current` with it.
    ///
    /// - Throws: `.notFound`, `.invalid`, `.wrongCredentials` (the current one), `.tooManyAttempts`, `.forbidden`.
    public func changePassword(
        of name: String, to password: String, current: String? = nil, by principal: Principal, from address: String
    ) async throws {
        let isOwn = principal.kind == .session && principal.name == name
        let permission: Permission = isOwn ? .changeOwnPassword : .manageUsers
        try await require(principal, permission, object: name, from: address)
        if isOwn { _ = try await verify(name, current ?? "", from: address) }
        try PasswordRule.check(password, name: name)
        let hash = try await passwords.hash(password)
        try await pool.transaction { connection in
            try await connection.lockUntilCommit("accounts")
            let id = try await self.accountID(name, in: connection)
            try await connection.execute(
                "update account set password_hash = \(hash), password_changed_at = \(self.clock.now) where id = \(id)")
            try await connection.execute("delete from session where account_id = \(id)")
            try await self.record(principal, address, permission, name, "password changed", in: connection)
        }
    }

    /// Removes `name` with their sessions and tokens.
    ///
    /// - Throws: `.notFound`, `.lastAdministrator`, `.forbidden`.
    public func deleteUser(_ name: String, by principal: Principal, from address: String) async throws {
        try await require(principal, .manageUsers, object: name, from: address)
        try await pool.transaction { connection in
            try await connection.lockUntilCommit("accounts")
            let id = try await self.accountID(name, in: connection)
            try await connection.execute("delete from account where id = \(id)")
            try await self.keepAnAdministrator(in: connection)
            try await self.record(principal, address, .manageUsers, name, "deleted", in: connection)
        }
    }
}

// MARK: - SQL

extension AccessService {
    private static var userQuery: SQL {
        """
        select a.id, a.name, a.role, a.created_at, a.last_sign_in_at,
               coalesce(array_agg(r.cluster order by r.cluster) filter (where r.cluster is not null), '{}') as clusters,
               coalesce(array_agg(r.role order by r.cluster) filter (where r.cluster is not null), '{}') as roles
        from account a left join account_cluster_role r on r.account_id = a.id
        """
    }

    static func noUser(_ name: String) -> AccessError { AccessError(.notFound, "there is no user \(name.prefix(64))") }

    private static func check(_ grants: Grants) throws(AccessError) {
        guard grants.everywhere != nil || !grants.clusters.isEmpty else {
            throw AccessError(.invalid, "a user has a role: on the installation, or on a cluster")
        }
        guard grants.clusters.count <= 1000, grants.clusters.keys.allSatisfy(User.isValidCluster) else {
            throw AccessError(.invalid, "a role is given for a cluster's name: a-z, 0-9 and hyphens")
        }
    }

    private func accountID(_ name: String, in connection: PostgresConnection) async throws -> Int64 {
        let rows = try await connection.query("select id from account where name = \(name) for update")
        guard let row = rows.first else { throw Self.noUser(name) }
        return try row["id"]
    }

    private func insert(
        _ name: String, _ hash: String, _ grants: Grants, in connection: PostgresConnection
    ) async throws {
        let now = clock.now
        let rows = try await connection.query(
            """
            insert into account (name, password_hash, role, created_at, password_changed_at)
            values (\(name), \(hash), \(grants.everywhere?.rawValue), \(now), \(now)) returning id
            """)
        for row in rows { try await insert(grants.clusters, of: try row["id"], in: connection) }
    }

    private func insert(_ roles: [String: Role], of id: Int64, in connection: PostgresConnection) async throws {
        let sorted = roles.sorted { $0.key < $1.key }
        try await connection.execute(
            """
            insert into account_cluster_role (account_id, cluster, role)
            select \(id), * from unnest(\(sorted.map(\.key)), \(sorted.map(\.value.rawValue)))
            """)
    }

    private func keepAnAdministrator(in connection: PostgresConnection) async throws {
        guard try await !connection.query("select 1 as one from account where role = 'admin' limit 1").isEmpty else {
            throw AccessError(
                .lastAdministrator, "this is the last administrator of the installation; make another one first")
        }
    }

    func record(
        _ principal: Principal, _ address: String, _ permission: Permission, _ object: String, _ reason: String,
        in connection: PostgresConnection
    ) async throws {
        try await audit.append(
            AuditEvent(
                actor: principal.name, address: address, action: permission.rawValue, object: object, reason: reason),
            in: connection)
    }
}

extension User {
    fileprivate init(row: Row) throws {
        let role: String? = try row["role"]
        self.init(
            id: try row["id"], name: try row["name"],
            grants: try Grants(role: role, clusters: row["clusters"], roles: row["roles"]),
            createdAt: try row["created_at"], lastSignInAt: try row["last_sign_in_at"])
    }
}

extension Grants: CustomStringConvertible {
    /// As columns hold them.
    init(role: String?, clusters: [String], roles: [String]) {
        let pairs = zip(clusters, roles).compactMap { cluster, role in Role(rawValue: role).map { (cluster, $0) } }
        self.init(everywhere: role.flatMap(Role.init), clusters: Dictionary(pairs) { first, _ in first })
    }

    /// `admin`, `viewer, operator on prod-eu`.
    public var description: String {
        let places = clusters.sorted { $0.key < $1.key }.map { "\($0.value.rawValue) on \($0.key)" }
        return ((everywhere.map { [$0.rawValue] } ?? []) + places).joined(separator: ", ")
    }
}
