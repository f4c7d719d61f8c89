internal import FrameCodec
internal import Fleet
internal import Model
internal import Postgres

extension BatchWriter {
    /// The sources that `new` introduces, and what number each has in its stream.
    static func insertSources(_ new: [VerifiedUpload], on connection: PostgresConnection) async throws {
        var rows: [(upload: VerifiedUpload, number: Int, descriptor: SourceDescriptor)] = []
        for upload in new {
            for case .source(let number, let descriptor) in upload.batch.items {
                rows.append((upload, number, descriptor))
            }
        }
        guard !rows.isEmpty else { return }
        let (agents, kinds) = (rows.map(\.upload.agent.number), rows.map(\.descriptor.kind.word))
        let (names, ports) = (rows.map(\.descriptor.name), rows.map { Int32($0.descriptor.port) })
        try await connection.execute(
            """
            with said as (
                select * from unnest(\(agents), \(kinds), \(names), \(ports),
                    \(rows.map(\.descriptor.interval.milliseconds)), \(rows.map(\.upload.receivedAt)),
                    \(rows.map { Int64(bitPattern: $0.upload.batch.header.epoch) }), \(rows.map { Int32($0.number) }))
                    as s(agent, kind, name, port, interval_ms, at, epoch, number)
            ), known as (
                insert into source as k (agent_id, kind, name, port, interval_ms, first_seen_at, last_seen_at)
                select distinct on (agent, kind, name, port) agent, kind, name, port, interval_ms, at, at from said
                order by agent, kind, name, port, at desc
                on conflict (agent_id, kind, name, port) do update
                    set interval_ms = excluded.interval_ms,
                        last_seen_at = greatest(k.last_seen_at, excluded.last_seen_at)
                returning id, agent_id, kind, name, port
            )
            insert into source_number (agent_id, epoch, number, source_id)
            select distinct s.agent, s.epoch, s.number, k.id from said s
            join known k on k.agent_id = s.agent and k.kind = s.kind and k.name = s.name and k.port = s.port
            on conflict (agent_id, epoch, number) do nothing
            """)
    }

    /// The layouts that `new` introduces. A parent may stand in the same statement: references are checked at its end.
    static func insertLayouts(_ new: [VerifiedUpload], on connection: PostgresConnection) async throws {
        var layouts: [LayoutHash: LayoutAdditions] = [:]
        for upload in new {
            for case .layout(_, let additions) in upload.batch.items { layouts[additions.hash] = additions }
        }
        guard !layouts.isEmpty else { return }
        let rows = layouts.values.sorted { $0.hash.bytes.lexicographicallyPrecedes($1.hash.bytes) }
        try await connection.execute(
            """
            insert into layout (hash, parent, body)
            select * from unnest(\(rows.map(\.hash.bytes)),
                \(rows.map { $0.parent == .none ? nil : $0.parent.bytes } as [[UInt8]?]), \(rows.map(\.encoded)))
            on conflict (hash) do nothing
            """)
    }
}
