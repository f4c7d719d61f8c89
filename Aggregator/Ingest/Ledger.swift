internal import Model
internal import Postgres

/// Which batches were ever stored, by agent and epoch; it outlives the batches.
struct Ledger: Sendable {
    let pool: PostgresPool

    /// What is lacking of `held`: for each range at most one, from the first batch that is lacking to the last.
    func lacking(_ held: [SequenceRange], of agent: Int32) async throws -> [SequenceRange] {
        guard !held.isEmpty else { return [] }
        let epochs = held.map { Int64(bitPattern: $0.epoch) }
        let firsts = held.map { Int64(bitPattern: $0.sequences.lowerBound) }
        let lasts = held.map { Int64(bitPattern: $0.sequences.upperBound) }
        let rows = try await pool.query(
            """
            select epoch, lower(span) as first, upper(span) - 1 as last
            from (select h.number, h.epoch,
                         range_merge(int8multirange(int8range(h.first, h.last, '[]')) - coalesce(l.ranges, '{}')) as span
                  from unnest(\(epochs), \(firsts), \(lasts)) with ordinality as h(epoch, first, last, number)
                  left join ledger l on l.agent_id = \(agent) and l.epoch = h.epoch) as asked
            where not isempty(span) order by number
            """)
        return try rows.map { row in
            let (first, last) = (try row["first", as: Int64.self], try row["last", as: Int64.self])
            return SequenceRange(
                epoch: UInt64(bitPattern: try row["epoch", as: Int64.self]),
                sequences: UInt64(bitPattern: first)...UInt64(bitPattern: last))
        }
    }
}
