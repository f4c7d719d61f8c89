internal import JSON
internal import Model
internal import Postgres

/// The SQL of events.
struct EventStore: Sendable {
    let pool: PostgresPool

    /// Where aggregators tell each other which events they stored.
    static let channel = "etcd_monitor_events"

    /// How many events of a cluster are looked through for what was said of the same thing last.
    private static let lookBack = 200

    /// Stores `events`; of several with one occurrence only the first, and of what begins and ends no second beginning or
    /// end in a row, whoever wrote it. Tells other aggregators.
    ///
    /// - Parameter origin: who stores them.
    /// - Returns: those that are new, with their ids.
    func insert(_ events: [FleetEvent], by origin: UInt64) async throws -> [FleetEvent] {
        guard !events.isEmpty else { return [] }
        return try await pool.transaction { connection in
            // Each sees what the one before said of the same thing.
            try await connection.lockUntilCommit("events")
            var stored: [FleetEvent] = []
            for part in events.partsWithDistinctTopics {
                stored += try await Self.insert(Array(part), on: connection)
            }
            try await connection.notify(
                Self.channel, EventNotice(origin: origin, ids: stored.map(\.id)).payloads)
            return stored
        }
    }

    private static func insert(_ events: [FleetEvent], on connection: PostgresConnection) async throws -> [FleetEvent] {
        let rows = try await connection.query(
            """
            insert into event (at, cluster_id, kind, severity, member, node, sentence, detail, occurrence)
            select s.at, c.id, s.kind, s.severity, s.member, s.node, s.sentence, s.detail::jsonb, s.occurrence
            from unnest(\(events.map(\.at)), \(events.map(\.cluster)), \(events.map(\.kind.rawValue)),
                \(events.map(\.severity.rawValue)), \(events.map(\.member)), \(events.map(\.node)),
                \(events.map(\.sentence)), \(events.map { json($0.detail) }), \(events.map(\.occurrence)),
                \(events.map { $0.kind.opposite?.rawValue }), \(events.map(\.topic)))
                with ordinality as s(at, cluster, kind, severity, member, node, sentence, detail, occurrence,
                    opposite, topic, number)
            join cluster c on c.name = s.cluster
            where s.opposite is null or s.kind is distinct from (
                select e.kind
                from (select id, kind, occurrence from event where cluster_id = c.id order by id desc
                    limit \(lookBack)) e
                where e.kind in (s.kind, s.opposite)
                  and starts_with(e.occurrence, e.kind || '/' || s.topic || '/')
                order by e.id desc limit 1)
            order by s.number
            on conflict (cluster_id, occurrence) do nothing
            returning id, (select name from cluster where id = cluster_id) as cluster, occurrence
            """)
        var ids: [String: Int64] = [:]
        for row in rows {
            ids["\(try row["cluster", as: String.self])/\(try row["occurrence", as: String.self])"] = try row["id"]
        }
        return events.compactMap { event in
            guard let id = ids.removeValue(forKey: "\(event.cluster)/\(event.occurrence)") else { return nil }
            var stored = event
            stored.id = id
            return stored
        }
    }

    /// The id of the newest event; 0 if there is none.
    func newestID() async throws -> Int64 {
        try await pool.query("select coalesce(max(id), 0) as id from event").first.map { try $0["id"] } ?? 0
    }

    /// The events `ids`, oldest first.
    func events(_ ids: [Int64]) async throws -> [FleetEvent] {
        try await pool.query(Self.columns + " where e.id = any(\(ids)) order by e.id").compactMap(Self.event)
    }

    /// At most `limit` events after the event `id`, oldest first.
    func events(after id: Int64, limit: Int) async throws -> [FleetEvent] {
        try await pool.query(Self.columns + " where e.id > \(id) order by e.id limit \(limit)").compactMap(Self.event)
    }

    private static let columns: SQL = """
        select e.id, e.at, c.name as cluster, e.kind, e.severity, e.member, e.node, e.sentence, e.detail::text,
            e.occurrence
        from event e join cluster c on c.id = e.cluster_id
        """

    /// Events before `before`, newest first.
    func events(
        cluster: String?, kind: String?, before: Int64?, limit: Int
    ) async throws -> [FleetEvent] {
        var sql = Self.columns + " where e.id < \(before ?? .max)"
        if let cluster { sql = sql + " and c.name = \(cluster)" }
        if let kind { sql = sql + " and e.kind = \(kind)" }
        return try await pool.query(sql + " order by e.id desc limit \(limit)").compactMap(Self.event)
    }

    /// At most `limit` events of a time, oldest first; `cluster` nil for all.
    func events(cluster: String?, in range: ClosedRange<Timestamp>, limit: Int) async throws -> [FleetEvent] {
        var sql = Self.columns + " where e.at >= \(range.lowerBound) and e.at <= \(range.upperBound)"
        if let cluster { sql = sql + " and c.name = \(cluster)" }
        return try await pool.query(sql + " order by e.at, e.id limit \(limit)").compactMap(Self.event)
    }

    /// Removes events older than `instant`.
    func removeEvents(before instant: Timestamp) async throws {
        try await pool.execute("delete from event where at < \(instant)")
    }

    private static func event(_ row: Row) throws -> FleetEvent? {
        guard let kind = FleetEvent.Kind(rawValue: try row["kind"]),
            let severity = FleetEvent.Severity(rawValue: try row["severity"])
        else { return nil }
        var event = FleetEvent(
            at: try row["at"], cluster: try row["cluster"], kind: kind, severity: severity, member: try row["member"],
            node: try row["node"], sentence: try row["sentence"], detail: detail(try row["detail"]), occurrence: "")
        event.id = try row["id"]
        event.occurrence = try row["occurrence"]
        return event
    }

    private static func json(_ detail: [String: String]) -> String {
        JSONValue.object(detail.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }).description
    }

    private static func detail(_ text: String) -> [String: String] {
        // Our own column: what is no object of strings there has nothing to show.
        let members = (try? JSONValue(parsing: Array(text.utf8)))?.object ?? []
        return Dictionary(members.compactMap { key, value in value.string.map { (key, $0) } }) { $1 }
    }
}
