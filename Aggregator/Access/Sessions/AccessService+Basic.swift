internal import Cryptography
internal import Model
internal import Postgres
internal import Synchronization

extension AccessService {
    /// Who has this `name` and `password`: for clients that send both with every request.
    ///
    /// The password may be one of the user's API tokens, which is better: it can be limited and revoked on its own. Takes
    /// equally long for unknown users. A password that was right is remembered for five minutes, by a digest with a
    /// secret of this process, because telling that it is right is made to be slow.
    /// - Throws: `.unauthenticated`, `.wrongCredentials`, `.tooManyAttempts` and `.overloaded` (both with `retryAfter`).
    public func authenticate(name: String, password: String, from address: String) async throws -> Principal {
        if password.hasPrefix(Self.tokenPrefix) {
            let principal = try await authenticate(bearer: password)
            guard principal.name.hasPrefix("\(name)/") else { throw Self.unauthenticated }
            return principal
        }
        let known = passwordMemory.withLock { $0.hash(of: name, password, at: clock.now) }
        if let hash = known, let principal = try await principal(named: name, hash: hash) { return principal }
        let account = try await verify(name, password, from: address)
        guard let principal = try await principal(named: name, hash: account.hash) else {
            throw Self.wrongCredentials
        }
        passwordMemory.withLock { $0.remember(name, password, hash: account.hash, at: clock.now) }
        return principal
    }

    /// The user as he is now, if his password is still the one with this hash.
    private func principal(named name: String, hash: String) async throws -> Principal? {
        let rows = try await pool.query(
            """
            select a.id, a.name, a.role,
                   array(select r.cluster from account_cluster_role r where r.account_id = a.id order by 1) as clusters,
                   array(select r.role from account_cluster_role r where r.account_id = a.id order by r.cluster) as roles
            from account a where a.name = \(name) and a.password_hash = \(hash)
            """)
        guard let row = rows.first else { return nil }
        return Principal(
            kind: .password, userID: try row["id"], name: try row["name"],
            grants: try Grants(role: row["role"], clusters: row["clusters"], roles: row["roles"]))
    }
}

/// Passwords that were right a short while ago; holds no password, and nothing that outlives the process.
struct PasswordMemory {
    private static let lifetime: Duration = .seconds(300)
    private static let limit = 1000

    private struct Entry {
        var hash: String
        var until: Timestamp
    }

    private let secret = SecureRandom.bytes(32)
    private var entries: [[UInt8]: Entry] = [:]

    /// The stored hash that `password` was right for; nil if that is not known (any more).
    func hash(of name: String, _ password: String, at now: Timestamp) -> String? {
        entries[digest(name, password)].flatMap { $0.until > now ? $0.hash : nil }
    }

    mutating func remember(_ name: String, _ password: String, hash: String, at now: Timestamp) {
        if entries.count >= Self.limit { entries = entries.filter { $0.value.until > now } }
        // Still full: the oldest are no better than the newest.
        if entries.count >= Self.limit { entries = [:] }
        entries[digest(name, password)] = Entry(hash: hash, until: now + Self.lifetime)
    }

    private func digest(_ name: String, _ password: String) -> [UInt8] {
        SHA256.digest(secret + SHA256.digest(Array(name.utf8)) + Array(password.utf8))
    }
}
