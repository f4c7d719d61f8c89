internal import AgentProtocol
internal import Cryptography
internal import JSON
internal import Model
internal import Postgres

/// The SQL of commands.
struct CommandStore: Sendable {
    let pool: PostgresPool

    private static let columns: SQL = """
        select m.id, m.uid, c.name as cluster, n.name as node, a.uid as agent, m.kind, m.arguments::text as arguments,
            m.requested_by, m.requested_at, m.expires_at, m.state, m.progress, m.words,
            m.cancel_requested_at is not null as cancelled, m.started_at, m.finished_at, m.result::text as result
        from command m join agent a on a.id = m.agent_id join node n on n.id = a.node_id
            join cluster c on c.id = m.cluster_id
        """

    private static func command(_ row: Row) throws -> Command? {
        guard let agent = AgentID(bytes: try row["agent"]),
            let state = Command.State(rawValue: try row["state"])
        else { return nil }
        let arguments: String = try row["arguments"]
        let result: String? = try row["result"]
        return Command(
            number: try row["id"], id: Hex.encode(try row["uid", as: [UInt8].self]), cluster: try row["cluster"],
            node: try row["node"], agent: agent, kind: try row["kind"],
            arguments: try JSONValue(parsing: Array(arguments.utf8)), requestedBy: try row["requested_by"],
            requestedAt: try row["requested_at"], expiresAt: try row["expires_at"], state: state,
            progress: try row["progress"], words: try row["words"], isCancelled: try row["cancelled"],
            startedAt: try row["started_at"], finishedAt: try row["finished_at"],
            result: try result.map { try JSONValue(parsing: Array($0.utf8)) })
    }

    /// Stores new ones; agents by row number.
    func insert(
        _ ids: [[UInt8]], agents: [Int32], kind: String, arguments: [String], by name: String, at now: Timestamp,
        expires: Timestamp
    ) async throws {
        try await pool.execute(
            """
            insert into command (uid, cluster_id, agent_id, kind, arguments, requested_by, requested_at, expires_at)
            select decode(s.uid, 'hex'), n.cluster_id, a.id, \(kind), s.arguments::jsonb, \(name), \(now), \(expires)
            from unnest(\(ids.map { Hex.encode($0) }), \(agents), \(arguments)) with ordinality
                as s(uid, agent, arguments, number)
            join agent a on a.id = s.agent join node n on n.id = a.node_id
            order by s.number
            """)
    }

    /// Those that are not over, oldest first.
    func open() async throws -> [Command] {
        try await pool.query(Self.columns + " where m.state in ('queued', 'sent', 'running') order by m.id")
            .compactMap(Self.command)
    }

    /// At most `limit` of a cluster, newest first.
    func list(
        _ cluster: String, kind: String, node: String?, before: Int64?, limit: Int
    ) async throws -> [Command] {
        try await pool.query(
            Self.columns + """
                 where c.name = \(cluster) and m.kind = \(kind) and (\(node)::text is null or n.name = \(node))
                    and (\(before)::bigint is null or m.id < \(before))
                order by m.id desc limit \(limit)
                """
        ).compactMap(Self.command)
    }

    /// One of a cluster.
    func command(_ id: [UInt8], of cluster: String) async throws -> Command? {
        try await pool.query(Self.columns + " where m.uid = \(id) and c.name = \(cluster)").first
            .flatMap(Self.command)
    }

    /// Asks for the end of one that is not over.
    func cancel(_ id: [UInt8], by name: String, at now: Timestamp) async throws {
        try await pool.execute(
            """
            update command set cancel_requested_at = \(now), cancel_requested_by = \(name),
                state = case when state = 'queued' then 'cancelled' else state end,
                words = case when state = 'queued' then 'cancelled before it began' else words end,
                finished_at = case when state = 'queued' then \(now) else finished_at end
            where uid = \(id) and state in ('queued', 'sent', 'running') and cancel_requested_at is null
            """)
    }

    /// Takes one that waits for its agent, if it still does and nothing else is at work in its cluster.
    func take(_ id: [UInt8], at now: Timestamp) async throws -> Bool {
        try await pool.transaction { connection in
            // Two aggregators may look at the same moment.
            try await connection.lockUntilCommit("commands")
            return try await connection.execute(
                """
                update command m set state = 'sent', reported_at = \(now)
                where m.uid = \(id) and m.state = 'queued' and m.expires_at > \(now) and not exists (
                    select from command o where o.cluster_id = m.cluster_id and o.state in ('sent', 'running'))
                """) == 1
        }
    }

    /// Notes what `agent` (a row's number) says. A late truth replaces what was assumed.
    func note(_ reports: [CommandReport], of agent: Int32, at now: Timestamp) async throws {
        for report in reports {
            guard let id = Hex.decode(report.id) else { continue }
            let result = report.result.map { String(decoding: $0, as: UTF8.self) }
            try await pool.execute(
                """
                update command set state = \(report.state.rawValue), progress = \(report.progress),
                    words = \(report.words), reported_at = \(now), started_at = coalesce(started_at, \(now)),
                    result = coalesce(\(result)::jsonb, result),
                    finished_at = case when \(report.state.isFinal) then \(now)::timestamptz end
                where uid = \(id) and agent_id = \(agent) and state in ('sent', 'running', 'failed', 'expired')
                """)
        }
    }

    /// Ends what is over: not begun in its time, or begun and not heard of for `patience`.
    func expire(at now: Timestamp, patience: Duration) async throws {
        try await pool.execute(
            """
            update command set finished_at = \(now),
                state = case when state = 'running' then 'failed' else 'expired' end,
                words = case when state = 'running' then 'nothing more was heard of it: is its agent away?'
                    when words = '' then 'it could not begin in its time' else words end
            where (state in ('queued', 'sent') and expires_at <= \(now))
                or (state = 'running' and reported_at <= \(now - patience))
            """)
    }

    /// Removes what is older.
    func remove(before instant: Timestamp) async throws {
        try await pool.execute("delete from command where requested_at < \(instant)")
    }
}
