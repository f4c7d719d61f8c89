internal import FrameCodec
internal import Model
internal import Postgres

/// A row of `rollup`.
struct StoredRollup: Sendable {
    var source: Int32
    var day: Int64
    var layout: LayoutHash
    /// Numbers in the layout.
    var series: Range<Int>
    var body: [UInt8]
}

/// The SQL of `rollup`, `rollup_due` and `history`.
struct RollupTable: Sendable {
    /// A source's day that changed since it was rolled up.
    struct Due: Sendable {
        var day: Int64
        var source: Int32
    }

    let pool: PostgresPool
    /// Four weeks each.
    let days: RangePartitions

    init(pool: PostgresPool) {
        self.pool = pool
        days = RangePartitions(of: "rollup", days: 28, pool: pool)
    }

    /// Drops the partitions that ended before `instant`.
    ///
    /// - Returns: their names.
    func drop(before instant: Timestamp) async throws -> [String] {
        var dropped: [String] = []
        for partition in try await days.all() where partition.ends <= instant.milliseconds {
            if try await days.drop(partition) { dropped.append(partition.name) }
        }
        return dropped
    }

    // MARK: How far things are

    /// Notes that `source` has other blocks at `instant` than before.
    static func noteDue(_ source: Int32, at instant: Int64, on connection: PostgresConnection) async throws {
        try await connection.execute(
            """
            insert into rollup_due (day, source_id) values (\(instant.floored(to: CalendarDay.milliseconds)), \(source))
            on conflict do nothing
            """)
    }

    /// Takes the first day before `end` that is due off the list.
    static func takeDue(before end: Int64, on connection: PostgresConnection) async throws -> Due? {
        try await connection.query(
            """
            delete from rollup_due where (day, source_id) in (
                select day, source_id from rollup_due where day < \(end) order by day, source_id limit 1)
            returning day, source_id
            """
        ).first.map { Due(day: try $0["day"], source: try $0["source_id"]) }
    }

    /// The days that are due for some source.
    static func dueDays(in pool: PostgresPool) async throws -> Set<Int64> {
        Set(try await pool.query("select distinct day from rollup_due").map { try $0["day"] })
    }

    /// Blocks of days before this instant were dropped.
    static func blocksBegin(on connection: PostgresConnection) async throws -> Int64 {
        try await connection.query("select blocks_from from history").first?["blocks_from"] ?? 0
    }

    /// Notes that all days before `instant` were rolled up once.
    func note(rolledThrough instant: Int64) async throws {
        try await pool.execute(
            "update history set rolled_through = \(instant) where rolled_through < \(instant)")
    }

    /// Until when rollups tell all, and from when on there are blocks.
    func extent() async throws -> (rolledThrough: Int64, blocksFrom: Int64) {
        let row = try await pool.query(
            """
            select least(rolled_through, (select min(day) from rollup_due)) as rolled_through, blocks_from from history
            """
        ).first
        return (try row?["rolled_through"] ?? 0, try row?["blocks_from"] ?? 0)
    }

    // MARK: Rows

    /// Puts `rows` in the place of those that the source had of that day; the day's partition exists.
    static func replace(_ due: Due, by rows: [NewRollup], on connection: PostgresConnection) async throws {
        try await connection.execute(
            "delete from rollup where source_id = \(due.source) and starts_at = \(due.day)")
        let layouts = try await BlockTable.layoutIDs(Set(rows.map(\.layout)), on: connection)
        try await connection.execute(
            """
            insert into rollup (starts_at, source_id, layout_id, first_series, series, hours, body)
            select \(due.day), \(due.source), r.* from unnest(
                \(rows.map { layouts[$0.layout] }), \(rows.map { Int32($0.series.lowerBound) }),
                \(rows.map { Int32($0.series.count) }), \(rows.map { Int32($0.hours) }), \(rows.map(\.body))) as r
            """)
    }

    /// Rows of the days that start in `days`, by day.
    func rollups(_ wanted: [WantedBlocks], days: Range<Int64>) async throws -> [StoredRollup] {
        guard !wanted.isEmpty else { return [] }
        return try await pool.query(
            """
            select r.source_id, r.starts_at, l.hash, r.first_series, r.series, r.body
            from unnest(\(wanted.map(\.source)), \(wanted.map(\.layout.bytes)), \(wanted.map { $0.series.ranges }))
                as w (source_id, hash, series)
            join layout l on l.hash = w.hash
            join rollup r on r.source_id = w.source_id and r.layout_id = l.id
                and int4range(r.first_series, r.first_series + r.series) && w.series::int4multirange
            where r.starts_at >= \(days.lowerBound) and r.starts_at < \(days.upperBound)
            order by r.starts_at
            """
        ).compactMap(Self.decode)
    }

    /// Everything that `source` has.
    static func rollups(of source: Int32, on connection: PostgresConnection) async throws -> [StoredRollup] {
        try await connection.query(
            """
            select r.source_id, r.starts_at, l.hash, r.first_series, r.series, r.body
            from rollup r join layout l on l.id = r.layout_id
            where r.source_id = \(source) order by r.starts_at, r.first_series
            """
        ).compactMap(decode)
    }

    /// The first source after `source` that has rollups.
    static func source(after source: Int32, in pool: PostgresPool) async throws -> Int32? {
        try await pool.query("select min(source_id) as source from rollup where source_id > \(source)").first?["source"]
    }

    private static func decode(_ row: Row) throws -> StoredRollup? {
        guard let layout = LayoutHash(bytes: try row["hash"]) else { return nil }
        let first: Int32 = try row["first_series"]
        let count: Int32 = try row["series"]
        return StoredRollup(
            source: try row["source_id"], day: try row["starts_at"], layout: layout,
            series: Int(first)..<Int(first) + Int(count), body: try row["body"])
    }
}
