internal import Model
internal import Postgres

/// The SQL of agents.
struct AgentStore: Sendable {
    let pool: PostgresPool

    private static let columns: SQL = """
        select a.id, a.uid, c.id as cluster_id, c.name as cluster, n.name as node, a.public_key, a.version,
            a.enrolled_at, a.revoked_at, a.last_seen_at, a.last_epoch, a.last_sequence, a.lag_ms, a.clock_offset_ms,
            a.last_error, a.last_error_at, a.silent_since
        from agent a join node n on n.id = a.node_id join cluster c on c.id = n.cluster_id
        """

    /// Every agent of kind `host`.
    func all() async throws -> [AgentRecord] {
        try await pool.query(Self.columns).map(Self.record)
    }

    /// Agents that were enrolled or revoked at or after `instant`.
    func changed(since instant: Timestamp) async throws -> [AgentRecord] {
        try await pool.query(
            Self.columns + " where a.enrolled_at >= \(instant) or a.revoked_at >= \(instant)"
        ).map(Self.record)
    }

    /// When each of `ids` was last heard, by whichever aggregator.
    func lastSeen(of ids: [AgentID]) async throws -> [AgentID: Timestamp] {
        let rows = try await pool.query(
            "select uid, last_seen_at from agent where uid = any(\(ids.map(\.bytes))) and last_seen_at is not null")
        var result: [AgentID: Timestamp] = [:]
        for row in rows {
            if let id = AgentID(bytes: try row["uid"]) { result[id] = try row["last_seen_at"] }
        }
        return result
    }

    /// The agent of the row `number`.
    func agent(_ number: Int32, on connection: PostgresConnection) async throws -> AgentRecord? {
        try await connection.query(Self.columns + " where a.id = \(number)").first.map(Self.record)
    }

    /// Ends what the agent `id` may send.
    ///
    /// - Returns: false if there is no such agent or it was revoked before.
    func revoke(_ id: AgentID, reason: String, at: Timestamp) async throws -> Bool {
        try await pool.execute(
            """
            update agent set revoked_at = \(at), revoked_reason = \(reason)
            where uid = \(id.bytes) and revoked_at is null
            """) == 1
    }

    /// Writes what was heard of `records`.
    func save(_ records: [AgentRecord]) async throws {
        let contacts = records.map(\.contact)
        try await pool.execute(
            """
            update agent a set last_seen_at = greatest(a.last_seen_at, s.seen), last_epoch = s.epoch,
                last_sequence = s.sequence, lag_ms = s.lag, clock_offset_ms = s.clock_offset, last_error = s.error,
                last_error_at = s.error_at, silent_since = s.silent_since
            from unnest(\(records.map(\.number)), \(contacts.map(\.lastSeen)),
                \(contacts.map { $0.epoch.map(Int64.init(bitPattern:)) }),
                \(contacts.map { $0.sequence.map(Int64.init(bitPattern:)) }), \(contacts.map(\.lagMilliseconds)),
                \(contacts.map(\.clockOffsetMilliseconds)), \(contacts.map(\.lastError)),
                \(contacts.map(\.lastErrorAt)), \(contacts.map(\.silentSince)))
                as s(id, seen, epoch, sequence, lag, clock_offset, error, error_at, silent_since)
            where a.id = s.id
            """)
    }

    private static func record(_ row: Row) throws -> AgentRecord {
        guard let id = AgentID(bytes: try row["uid"]) else {
            throw FleetError(.notFound, "the agent table holds an id that is not 16 bytes long")
        }
        var contact = AgentContact()
        contact.lastSeen = try row["last_seen_at"]
        contact.epoch = try row["last_epoch", as: Int64?.self].map(UInt64.init(bitPattern:))
        contact.sequence = try row["last_sequence", as: Int64?.self].map(UInt64.init(bitPattern:))
        contact.lagMilliseconds = try row["lag_ms"]
        contact.clockOffsetMilliseconds = try row["clock_offset_ms"]
        contact.lastError = try row["last_error"]
        contact.lastErrorAt = try row["last_error_at"]
        contact.silentSince = try row["silent_since"]
        return AgentRecord(
            number: try row["id"], id: id, clusterNumber: try row["cluster_id"], cluster: try row["cluster"],
            node: try row["node"], publicKey: try row["public_key"], version: try row["version"],
            enrolledAt: try row["enrolled_at"], revokedAt: try row["revoked_at"], contact: contact)
    }
}
