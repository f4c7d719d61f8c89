internal import FrameCodec
internal import Model
internal import Postgres

/// The SQL of agent (read only), source, source_number, layout and source_layout.
enum CatalogueTables {
    // MARK: Reading

    static func agents(_ ids: [Int32]? = nil, on connection: PostgresConnection) async throws -> [AgentRecord] {
        try await connection.query(
            """
            select a.id, c.name as cluster, n.name as node, a.revoked_at
            from agent a left join node n on n.id = a.node_id left join cluster c on c.id = n.cluster_id
            where \(ids ?? []) = '{}' or a.id = any(\(ids ?? []))
            """
        ).map { row in
            let revokedAt: Timestamp? = try row["revoked_at"]
            return AgentRecord(
                id: try row["id"], cluster: try row["cluster"], node: try row["node"],
                revokedAt: revokedAt?.milliseconds)
        }
    }

    /// Everything there is, for the start.
    static func load(into catalogue: inout Catalogue, on connection: PostgresConnection) async throws -> [Int32: Int64]
    {
        catalogue.setAgents(try await agents(on: connection))
        let lastAt = try await loadSources(into: &catalogue, on: connection)
        try await loadLayouts(into: &catalogue, on: connection)
        return lastAt
    }

    private static func loadSources(
        into catalogue: inout Catalogue, on connection: PostgresConnection
    ) async throws -> [Int32: Int64] {
        var lastAt: [Int32: Int64] = [:]
        var sources: [SourceRecord] = []
        for row in try await connection.query("select * from source order by id") {
            guard let source = try SourceRecord(row) else { continue }
            sources.append(source)
            lastAt[source.id] = try row["last_at"]
        }
        catalogue.add(sources)
        for row in try await connection.query("select * from source_number order by first_at") {
            let (number, meaning) = try self.number(row)
            catalogue.add(number, meaning)
        }
        return lastAt
    }

    private static func loadLayouts(
        into catalogue: inout Catalogue, on connection: PostgresConnection
    ) async throws {
        // Parents first: each step down the tree is another level.
        let rows = try await connection.query(
            """
            with recursive tree (hash, depth) as (
                select hash, 0 from layout where parent is null
                union all select l.hash, t.depth + 1 from layout l join tree t on l.parent = t.hash
            )
            select l.body, l.is_packed from layout l join tree t using (hash) order by t.depth
            """)
        for row in rows {
            catalogue.add(try additions(row))
        }
        for row in try await connection.query("select source_id, layout_hash, first_at from source_layout") {
            guard let hash = LayoutHash(bytes: try row["layout_hash"]) else { continue }
            catalogue.add(
                SourceLayout(source: try row["source_id"], layout: hash, firstAt: try row["first_at"]))
        }
    }

    /// `hashes` and all that they grew from, parents first.
    static func layouts(_ hashes: Set<LayoutHash>, on connection: PostgresConnection) async throws
        -> [LayoutAdditions]
    {
        guard !hashes.isEmpty else { return [] }
        let rows = try await connection.query(
            """
            with recursive line (hash, parent, body, is_packed, depth) as (
                select hash, parent, body, is_packed, 0 from layout where hash = any(\(hashes.map(\.bytes)))
                union all
                select l.hash, l.parent, l.body, l.is_packed, c.depth + 1 from layout l join line c on l.hash = c.parent
            )
            select body, is_packed from line group by hash, body, is_packed order by max(depth) desc
            """)
        return try rows.map(additions)
    }

    private static func additions(_ row: Row) throws -> LayoutAdditions {
        let body: [UInt8] = try row["body"]
        guard try row["is_packed"] else { return try LayoutAdditions(decoding: body) }
        return try LayoutAdditions(decoding: Compression.decompress(body, limit: CodecLimits().bodyBytes))
    }

    static func numbers(
        _ agent: Int32, epoch: UInt64, on connection: PostgresConnection
    ) async throws -> ([StreamNumber: SourceNumber], [SourceRecord]) {
        let rows = try await connection.query(
            """
            select n.epoch, n.number, n.source_id, n.first_at as number_first_at, s.*
            from source_number n join source s on s.id = n.source_id
            where n.agent_id = \(agent) and n.epoch = \(Int64(bitPattern: epoch))
            """)
        var numbers: [StreamNumber: SourceNumber] = [:]
        for row in rows {
            numbers[StreamNumber(agent: agent, epoch: epoch, number: try row["number"])] = SourceNumber(
                source: try row["source_id"], firstAt: try row["number_first_at"])
        }
        return (numbers, try rows.compactMap(SourceRecord.init))
    }

    private static func number(_ row: Row) throws -> (StreamNumber, SourceNumber) {
        let epoch: Int64 = try row["epoch"]
        return (
            StreamNumber(agent: try row["agent_id"], epoch: UInt64(bitPattern: epoch), number: try row["number"]),
            SourceNumber(source: try row["source_id"], firstAt: try row["first_at"])
        )
    }

    // MARK: Deleting

    /// Deletes what numbers mean in epochs whose successor began before `instant`.
    static func deleteNumbers(
        succeededBefore instant: Int64, on connection: PostgresConnection
    ) async throws -> Set<StreamNumber> {
        let rows = try await connection.query(
            """
            delete from source_number n where exists (
                select from source_number m where m.source_id = n.source_id and m.first_at > n.first_at
                    and m.first_at < \(instant))
            returning *
            """)
        return Set(try rows.map { try number($0).0 })
    }

    /// Deletes the layouts that no block and no rollup of a window after `instant` has, nor grew from.
    static func deleteLayouts(
        usedBefore instant: Int64, on connection: PostgresConnection
    ) async throws -> Set<LayoutHash> {
        let needed: SQL = """
            with recursive needed (hash, parent) as (
                select hash, parent from layout where used_until >= \(instant)
                union select l.hash, l.parent from layout l join needed n on l.hash = n.parent
            )
            """
        try await connection.execute(
            needed + " delete from source_layout where layout_hash not in (select hash from needed)")
        let rows = try await connection.query(
            needed + " delete from layout where hash not in (select hash from needed) returning hash")
        return Set(try rows.compactMap { LayoutHash(bytes: try $0["hash"]) })
    }

    // MARK: Writing

    /// A source that a batch declares.
    struct Declaration: Hashable {
        var agent: Int32
        var descriptor: SourceDescriptor
        var firstAt: Int64
    }

    /// Adds or updates sources, in the order of their keys so that two transactions do not lock each other out.
    static func upsert(_ declarations: [Declaration], on connection: PostgresConnection) async throws -> [SourceRecord]
    {
        guard !declarations.isEmpty else { return [] }
        return try await connection.query(
            """
            insert into source (agent_id, kind, name, port, interval_ms, first_at, last_at)
            select agent_id, kind, name, port, interval_ms, first_at, first_at
            from unnest(
                \(declarations.map(\.agent)), \(declarations.map(\.descriptor.kind.word)),
                \(declarations.map(\.descriptor.name)), \(declarations.map { Int32($0.descriptor.port) }),
                \(declarations.map(\.descriptor.interval.milliseconds)), \(declarations.map(\.firstAt))
            ) as d (agent_id, kind, name, port, interval_ms, first_at)
            order by agent_id, kind, name, port
            on conflict (agent_id, kind, name, port) do update
            set interval_ms = excluded.interval_ms, first_at = least(source.first_at, excluded.first_at)
            returning *
            """
        ).compactMap(SourceRecord.init)
    }

    static func insert(_ numbers: [StreamNumber: SourceNumber], on connection: PostgresConnection) async throws {
        guard !numbers.isEmpty else { return }
        let rows = Array(numbers)
        try await connection.execute(
            """
            insert into source_number (agent_id, epoch, number, source_id, first_at)
            select * from unnest(
                \(rows.map(\.key.agent)), \(rows.map { Int64(bitPattern: $0.key.epoch) }),
                \(rows.map { Int32($0.key.number) }), \(rows.map(\.value.source)), \(rows.map(\.value.firstAt)))
            on conflict do nothing
            """)
    }

    /// - Parameter now: until when they are needed at least.
    static func insert(
        _ layouts: [LayoutAdditions], at now: Timestamp, on connection: PostgresConnection
    ) async throws {
        guard !layouts.isEmpty else { return }
        let bodies = try layouts.map { try Compression.compress($0.encoded) }
        try await connection.execute(
            """
            insert into layout (hash, parent, body, used_until)
            select hash, parent, body, \(now.milliseconds) from unnest(
                \(layouts.map(\.hash.bytes)), \(layouts.map { $0.parent == .none ? nil : $0.parent.bytes }),
                \(bodies)) as l (hash, parent, body)
            order by hash
            on conflict do nothing
            """)
    }

    static func insert(_ layouts: [SourceLayout], on connection: PostgresConnection) async throws {
        guard !layouts.isEmpty else { return }
        try await connection.execute(
            """
            insert into source_layout (source_id, layout_hash, first_at)
            select * from unnest(
                \(layouts.map(\.source)), \(layouts.map(\.layout.bytes)), \(layouts.map(\.firstAt)))
            on conflict do nothing
            """)
    }

    /// Notes when sources were last heard of.
    static func note(lastAt: [(source: Int32, at: Int64)], in pool: PostgresPool) async throws {
        guard !lastAt.isEmpty else { return }
        try await pool.execute(
            """
            update source set last_at = greatest(source.last_at, l.at)
            from unnest(\(lastAt.map(\.source)), \(lastAt.map(\.at))) as l (source, at) where source.id = l.source
            """)
    }
}

extension SourceRecord {
    /// nil for a kind that this version does not know.
    init?(_ row: Row) throws {
        let kind: String = try row["kind"]
        let port: Int32 = try row["port"]
        let interval: Int64 = try row["interval_ms"]
        guard let kind = SourceDescriptor.Kind(word: kind) else { return nil }
        self.init(
            id: try row["id"], agent: try row["agent_id"],
            descriptor: SourceDescriptor(
                kind: kind, name: try row["name"], port: UInt16(truncatingIfNeeded: port),
                interval: .milliseconds(interval)),
            firstAt: try row["first_at"])
    }
}

extension SourceDescriptor.Kind {
    /// As the table writes it.
    var word: String {
        switch self {
        case .etcd: "etcd"
        case .host: "host"
        case .agent: "agent"
        case .aggregator: "aggregator"
        }
    }

    init?(word: String) {
        guard let kind = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = kind
    }
}
