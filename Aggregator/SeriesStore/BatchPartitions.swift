internal import Model
internal import Postgres

/// The partitions of `batch`, slots of some minutes of `received_at`: made ahead of time, dropped when blocks hold what
/// was in them.
struct BatchPartitions: Sendable {
    /// A row of `batch_partition`.
    struct Partition: Sendable {
        var name: String
        /// Milliseconds since 1970.
        var starts: Int64
        var ends: Int64
        /// Agents with numbers up to this one have their blocks.
        var compactedAgents: Int32
        var isCompacted: Bool
    }

    /// How many slots are made ahead.
    private static let ahead = 8
    /// Whoever makes or drops slots holds it.
    private static let lock = "batch partitions"

    let pool: PostgresPool
    /// Length of a slot.
    let slot: Duration

    /// Makes the slots around `now` that are missing: the one before, its own and some to come.
    func make(around now: Timestamp) async throws {
        let length = slot.milliseconds
        let current = now.milliseconds.floored(to: length)
        let wanted = (-1...Int64(Self.ahead)).map { current + $0 * length }
        try await pool.transaction { connection in
            // One aggregator at a time; attaching a partition does not disturb those who insert into others.
            try await connection.lockUntilCommit(Self.lock)
            let covered = try await connection.query(
                """
                select w.starts from unnest(\(wanted)) as w (starts)
                where exists (
                    select from batch_partition p
                    where p.starts_at < to_timestamp((w.starts + \(length)) / 1000.0)
                      and p.ends_at > to_timestamp(w.starts / 1000.0))
                """
            ).map { try $0["starts", as: Int64.self] }
            for starts in wanted where !covered.contains(starts) { try await make(starts, on: connection) }
        }
    }

    private func make(_ starts: Int64, on connection: PostgresConnection) async throws {
        let ends = starts + slot.milliseconds
        let name = "batch_\(starts / 1000)"
        // Rows up to 8 kB stay in the page: moving each body aside costs more than half of the insert rate.
        try await connection.execute(
            """
            create table \(unsafe: name) (like batch including defaults including constraints including storage)
            with (toast_tuple_target = 8160, autovacuum_vacuum_insert_scale_factor = 0.5)
            """)
        try await connection.execute(
            """
            alter table batch attach partition \(unsafe: name)
            for values from (to_timestamp(\(unsafe: String(starts / 1000)))) to (to_timestamp(\(unsafe: String(ends / 1000))))
            """)
        try await connection.execute(
            """
            insert into batch_partition (name, starts_at, ends_at)
            values (\(name), \(Timestamp(milliseconds: starts)), \(Timestamp(milliseconds: ends)))
            """)
    }

    /// All there are, oldest first.
    func all() async throws -> [Partition] {
        try await pool.query("select * from batch_partition order by starts_at").map(Self.partition)
    }

    /// Batches received before this instant, in milliseconds since 1970, are in blocks.
    func compactedThrough() async throws -> Int64 {
        let row = try await pool.query(
            """
            select (extract(epoch from coalesce(
                min(starts_at) filter (where compacted_at is null), max(ends_at), 'epoch'
            )) * 1000)::bigint as at from batch_partition
            """
        ).first
        return try row?["at"] ?? 0
    }

    /// The oldest that ended at or before `instant` and still has agents without blocks.
    func next(endedBy instant: Timestamp, on connection: PostgresConnection) async throws -> Partition? {
        try await connection.query(
            """
            select * from batch_partition where compacted_at is null and ends_at <= \(instant) order by starts_at limit 1
            """
        ).first.map(Self.partition)
    }

    /// Notes that the agents up to `agent` have their blocks, or all of them.
    func note(_ partition: Partition, through agent: Int32, isComplete: Bool, on connection: PostgresConnection)
        async throws
    {
        try await connection.execute(
            """
            update batch_partition set compacted_agents = \(agent),
                compacted_at = case when \(isComplete) then now() end
            where name = \(partition.name)
            """)
    }

    /// Drops the slots that ended at or before `instant` and became blocks, as have those that begin within `reach`
    /// after each: their frames may build on its keyframes.
    ///
    /// - Returns: their names. A slot that is being read is left for the next time.
    @discardableResult
    func dropCompacted(endedBy instant: Timestamp, reach: Duration) async throws -> [String] {
        let partitions = try await all()
        var dropped: [String] = []
        for partition in partitions {
            let dependents = partitions.filter { $0.starts < partition.ends + reach.milliseconds }
            guard partition.ends <= instant.milliseconds, dependents.allSatisfy(\.isCompacted) else { break }
            let isDropped = try await pool.dropUnlessRead(partition.name, lock: Self.lock) { connection in
                try await connection.execute("delete from batch_partition where name = \(partition.name)")
            }
            guard isDropped else { break }
            dropped.append(partition.name)
        }
        return dropped
    }

    private static func partition(_ row: Row) throws -> Partition {
        let (starts, ends): (Timestamp, Timestamp) = (try row["starts_at"], try row["ends_at"])
        let compactedAt: Timestamp? = try row["compacted_at"]
        return Partition(
            name: try row["name"], starts: starts.milliseconds, ends: ends.milliseconds,
            compactedAgents: try row["compacted_agents"], isCompacted: compactedAt != nil)
    }
}
