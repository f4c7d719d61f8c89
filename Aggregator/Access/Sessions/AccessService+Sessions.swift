internal import Cryptography
public import Model
internal import Postgres
internal import Synchronization

/// A session that has just begun.
public struct NewSession: Sendable {
    /// For the cookie, this once: 256 random bits, base64url. Only its hash is stored.
    public var id: String
    /// Who signed in.
    public var principal: Principal
    /// The session ends then at the latest.
    public var expiresAt: Timestamp
}

extension AccessService {
    /// Begins a session.
    ///
    /// Takes equally long for unknown users, and never says which of name and password is wrong.
    /// - Throws: `.wrongCredentials`, `.tooManyAttempts` and `.overloaded` (both with `retryAfter`).
    public func signIn(name: String, password: String, from address: String) async throws -> NewSession {
        let account = try await verify(name, password, from: address)
        let id = Base64.encodeURL(SecureRandom.bytes(32))
        let now = clock.now
        let expiry = now + limits.absolute
        try await pool.transaction { connection in
            // Between the check and here the password may have been changed, and sessions ended.
            let rows = try await connection.query(
                """
                update account set last_sign_in_at = \(now)
                where id = \(account.id) and password_hash = \(account.hash) returning id
                """)
            guard !rows.isEmpty else { throw Self.wrongCredentials }
            try await connection.execute(
                """
                insert into session (digest, account_id, address, created_at, last_seen_at, expires_at)
                values (\(Self.digest(id)), \(account.id), \(address), \(now), \(now), \(expiry))
                """)
            try await connection.execute(
                "delete from session where expires_at < \(now) or last_seen_at < \(now - self.limits.idle)")
            try await self.audit.append(
                AuditEvent(actor: name, address: address, action: "sign-in"), in: connection)
        }
        return NewSession(id: id, principal: try await authenticate(session: id), expiresAt: expiry)
    }

    /// Who holds the session `id`.
    ///
    /// - Throws: `.unauthenticated` if it is unknown, expired or revoked.
    public func authenticate(session id: String) async throws -> Principal {
        guard id.utf8.count == 43 else { throw Self.unauthenticated }
        let now = clock.now
        let rows = try await pool.query(
            """
            select a.id, a.name, a.role, s.last_seen_at,
                   array(select r.cluster from account_cluster_role r where r.account_id = a.id order by 1) as clusters,
                   array(select r.role from account_cluster_role r where r.account_id = a.id order by r.cluster) as roles
            from session s join account a on a.id = s.account_id
            where s.digest = \(Self.digest(id)) and s.expires_at > \(now) and s.last_seen_at > \(now - limits.idle)
            """)
        guard let row = rows.first else { throw Self.unauthenticated }
        // Once a minute is enough to know who is idle, and spares a write for each request.
        if now - (try row["last_seen_at", as: Timestamp.self]) >= .seconds(60) {
            try await pool.execute("update session set last_seen_at = \(now) where digest = \(Self.digest(id))")
        }
        return Principal(
            kind: .session, userID: try row["id"], name: try row["name"],
            grants: try Grants(role: row["role"], clusters: row["clusters"], roles: row["roles"]))
    }

    /// Ends the session `id`; harmless if there is none.
    public func signOut(session id: String, from address: String) async throws {
        try await pool.transaction { connection in
            let rows = try await connection.query(
                """
                delete from session s using account a
                where s.digest = \(Self.digest(id)) and a.id = s.account_id returning a.name
                """)
            for row in rows {
                try await self.audit.append(
                    AuditEvent(actor: try row["name"], address: address, action: "sign-out"), in: connection)
            }
        }
    }

    static var wrongCredentials: AccessError { AccessError(.wrongCredentials, "name or password is wrong") }
    static var unauthenticated: AccessError { AccessError(.unauthenticated, "sign in first, or send an API token") }

    /// Checks a password under the limits on attempts.
    ///
    /// - Returns: the account and the hash that was matched.
    func verify(
        _ name: String, _ password: String, from address: String
    ) async throws -> (id: Int64, hash: String) {
        let name = String(name.prefix(64))
        if let wait = throttle.withLock({ $0.begin(name: name, from: address, at: clock.now) }) {
            audit.count(stranger: address, reason: "sign-in as \(name) too often")
            throw AccessError(
                .tooManyAttempts, "too many failed sign-ins; wait \(wait.components.seconds + 1) seconds",
                retryAfter: wait)
        }
        let row = try await pool.query("select id, password_hash from account where name = \(name.withoutNUL)").first
        let hash: String? = try row?["password_hash"]
        let isRight = try await passwords.matches(String(password.prefix(1024)), hash)
        guard isRight, let row, let hash else {
            // Counted, not recorded one by one: the same work whether or not the user exists.
            audit.count(stranger: address, reason: "sign-in as \(name) refused")
            throw Self.wrongCredentials
        }
        throttle.withLock { $0.succeed(name: name, from: address) }
        return (try row["id"], hash)
    }
}

extension String {
    /// PostgreSQL takes no NUL in text; a name with one matches nobody.
    fileprivate var withoutNUL: String { utf8.contains(0) ? "" : self }
}
