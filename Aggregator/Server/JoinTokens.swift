import Cryptography
import Model
import Postgres

/// Why an aggregator may not join, and what to do.
struct JoinError: Error, CustomStringConvertible {
    var description: String
}

/// The table `join_token`: key sets on their way to further aggregators, each readable only with its token, once.
struct JoinTokens: Sendable {
    let pool: PostgresPool

    /// Seals `keys` under a new token.
    ///
    /// - Returns: the token: `emj_` and 43 characters, 32 random bytes in base64url.
    func make(sealing keys: KeySet, lifetime: Duration, at now: Timestamp) async throws -> String {
        let token = "emj_" + Base64.encodeURL(SecureRandom.bytes(32))
        let digest = Self.digest(token)
        let sealed = try SealedBox.seal(keys.encoded, key: Self.key(token), context: digest)
        try await pool.execute("delete from join_token where expires_at < \(now - .seconds(86_400))")
        try await pool.execute(
            """
            insert into join_token (digest, sealed, created_at, expires_at)
            values (\(digest), \(sealed), \(now), \(now + lifetime))
            """)
        return token
    }

    /// Spends `token`.
    ///
    /// - Throws: ``JoinError`` if it is unknown, used or expired; nothing is spent then.
    func redeem(_ token: String, at now: Timestamp) async throws -> KeySet {
        let digest = Self.digest(token)
        let sealed: [UInt8] = try await pool.transaction { connection in
            let rows = try await connection.query(
                "select sealed, expires_at from join_token where digest = \(digest) for update")
            guard let row = rows.first else {
                throw JoinError(description: "no such token; make one with 'token create-join'")
            }
            guard let sealed: [UInt8] = try row["sealed"] else {
                throw JoinError(description: "this token was used; make another with 'token create-join'")
            }
            let expires: Timestamp = try row["expires_at"]
            guard now < expires else {
                throw JoinError(description: "this token has expired; make another with 'token create-join'")
            }
            // What it sealed is gone with it: a copy of the database made later opens for nobody.
            try await connection.execute(
                "update join_token set sealed = null, used_at = \(now) where digest = \(digest)")
            return sealed
        }
        return try KeySet(encoded: SealedBox.open(sealed, key: Self.key(token), context: digest))
    }

    private static func digest(_ token: String) -> [UInt8] { SHA256.digest(Array("digest/\(token)".utf8)) }
    private static func key(_ token: String) -> [UInt8] { SHA256.digest(Array("key/\(token)".utf8)) }
}
