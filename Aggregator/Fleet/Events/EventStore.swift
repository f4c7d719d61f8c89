internal import JSON
internal import Model
internal import Postgres

/// The SQL of events.
struct EventStore: Sendable {
    let pool: PostgresPool

    /// Stores `events`; of several with one occurrence only the first, whoever wrote it.
    ///
    /// - Returns: those that are new, with their ids.
    func insert(_ events: [FleetEvent]) async throws -> [FleetEvent] {
        guard !events.isEmpty else { return [] }
        let rows = try await pool.query(
            """
            insert into event (at, cluster_id, kind, severity, member, node, sentence, detail, occurrence)
            select s.at, c.id, s.kind, s.severity, s.member, s.node, s.sentence, s.detail::jsonb, s.occurrence
            from unnest(\(events.map(\.at)), \(events.map(\.cluster)), \(events.map(\.kind.rawValue)),
                \(events.map(\.severity.rawValue)), \(events.map(\.member)), \(events.map(\.node)),
                \(events.map(\.sentence)), \(events.map { Self.json($0.detail) }), \(events.map(\.occurrence)))
                as s(at, cluster, kind, severity, member, node, sentence, detail, occurrence)
            join cluster c on c.name = s.cluster
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

    /// Events before `before`, newest first.
    func events(
        cluster: String?, kind: String?, before: Int64?, limit: Int
    ) async throws -> [FleetEvent] {
        var sql: SQL = """
            select e.id, e.at, c.name as cluster, e.kind, e.severity, e.member, e.node, e.sentence, e.detail::text,
                e.occurrence
            from event e join cluster c on c.id = e.cluster_id where e.id < \(before ?? .max)
            """
        if let cluster { sql = sql + " and c.name = \(cluster)" }
        if let kind { sql = sql + " and e.kind = \(kind)" }
        return try await pool.query(sql + " order by e.id desc limit \(limit)").compactMap(Self.event)
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
