internal import FrameCodec
internal import Model
internal import Postgres

/// A row of `block`.
struct StoredBlock: Sendable {
    /// What the rows of one window share: their scrapes.
    struct Stretch: Hashable, Sendable {
        var source: Int32
        var window: Int64
        var generation: Int64
        var layout: LayoutHash
        var level: Int16
    }

    var stretch: Stretch
    /// Numbers in the layout.
    var series: Range<Int>
    var body: [UInt8]
}

/// A block to be written.
struct NewBlock: Sendable {
    var stretch: StoredBlock.Stretch
    var series: Range<Int>
    var firstAt: Int64
    var lastAt: Int64
    var scrapes: Int
    var body: [UInt8]
}

/// Which series of which layout a source is asked for.
struct WantedBlocks: Sendable {
    var source: Int32
    var layout: LayoutHash
    /// Rising.
    var series: [Int]
}

/// The SQL of `block`: rows in, rows out.
final class BlockTable: Sendable {
    static let young: Int16 = 0
    static let merged: Int16 = 1

    let pool: PostgresPool
    /// Days of young blocks, by generation.
    private let youngDays: RangePartitions
    /// Days of merged blocks, by window.
    let mergedDays: RangePartitions

    init(pool: PostgresPool) {
        self.pool = pool
        youngDays = RangePartitions(of: "block_young", days: 1, pool: pool)
        mergedDays = RangePartitions(of: "block_merged", days: 1, pool: pool)
    }

    // MARK: Partitions

    /// Makes the partitions that `blocks` need.
    func makePartitions(for blocks: [NewBlock]) async throws {
        let young = blocks.filter { $0.stretch.level == Self.young }
        try await youngDays.make(for: young.map(\.stretch.generation))
        try await mergedDays.make(for: blocks.filter { $0.stretch.level != Self.young }.map(\.stretch.window))
    }

    /// Drops the days of merged blocks that ended before `instant`, and the oldest while all together occupy more than
    /// `limitBytes`; none that is still to be rolled up.
    ///
    /// - Returns: their names.
    @discardableResult
    func dropDays(before instant: Timestamp, limitBytes: Int64?) async throws -> [String] {
        let due = try await RollupTable.dueDays(in: pool)
        let days = try await mergedDays.all()
        var dropped: [String] = []
        var total = days.reduce(0) { $0 + $1.bytes }
        // The newest is never given up: whoever sets a limit that low still wants to see something.
        for (at, day) in days.enumerated() {
            let isTooMuch = at + 1 < days.count && (limitBytes.map { total > $0 } ?? false)
            guard day.ends <= instant.milliseconds || isTooMuch, !due.contains(day.starts) else { break }
            let isDropped = try await mergedDays.drop(day) { connection in
                try await connection.execute(
                    "update history set blocks_from = greatest(blocks_from, \(day.ends))")
            }
            guard isDropped else { break }
            total -= day.bytes
            dropped.append(day.name)
        }
        return dropped
    }

    /// Drops the days of young blocks that ended before `instant` and of which nothing is left.
    func dropEmptyYoung(before instant: Timestamp) async throws {
        for day in try await youngDays.all() where day.ends <= instant.milliseconds {
            guard try await pool.query("select from \(unsafe: day.name) limit 1").isEmpty else { continue }
            _ = try await youngDays.drop(day)
        }
    }

    // MARK: Writing

    /// Adds `blocks`; their days' partitions exist.
    static func insert(_ blocks: [NewBlock], layouts: [LayoutHash: Int32], on connection: PostgresConnection)
        async throws
    {
        guard !blocks.isEmpty else { return }
        try await connection.execute(
            """
            insert into block (starts_at, generation, first_at, last_at, source_id, layout_id, first_series, series,
                scrapes, level, body)
            select * from unnest(
                \(blocks.map(\.stretch.window)), \(blocks.map(\.stretch.generation)), \(blocks.map(\.firstAt)),
                \(blocks.map(\.lastAt)), \(blocks.map(\.stretch.source)),
                \(blocks.map { layouts[$0.stretch.layout] }), \(blocks.map { Int32($0.series.lowerBound) }),
                \(blocks.map { Int32($0.series.count) }), \(blocks.map { Int32($0.scrapes) }),
                \(blocks.map { Int32($0.stretch.level) })::int2[], \(blocks.map(\.body)))
            """)
        // Once a window and layout.
        let ends = blocks.map { $0.stretch.window + CalendarDay.milliseconds }.max() ?? 0
        try await connection.execute(
            """
            update layout set used_until = \(ends)
            where id = any(\(Array(layouts.values))) and used_until < \(ends)
            """)
    }

    /// The short names of `layouts`.
    static func layoutIDs(_ layouts: Set<LayoutHash>, on connection: PostgresConnection) async throws
        -> [LayoutHash: Int32]
    {
        var ids: [LayoutHash: Int32] = [:]
        for row in try await connection.query(
            "select id, hash from layout where hash = any(\(layouts.map(\.bytes)))")
        {
            if let hash = LayoutHash(bytes: try row["hash"]) { ids[hash] = try row["id"] }
        }
        return ids
    }

    /// Deletes young blocks of `generation` in `sources`, which an interrupted run may have left.
    static func deleteYoung(_ generation: Int64, of sources: [Int32], on connection: PostgresConnection) async throws {
        try await connection.execute(
            """
            delete from block where source_id = any(\(sources)) and generation = \(generation) and level = 0
            """)
    }

    /// Deletes the blocks of `source` in `window` up to `generation`.
    static func delete(_ source: Int32, window: Int64, through generation: Int64, on connection: PostgresConnection)
        async throws
    {
        try await connection.execute(
            """
            delete from block
            where source_id = \(source) and starts_at = \(window) and generation <= \(generation)
            """)
    }

    // MARK: Reading

    /// Blocks of the windows that start between `windows`' ends, with scrapes in `range`.
    func blocks(_ wanted: [WantedBlocks], windows: ClosedRange<Int64>, in range: ClosedRange<Int64>) async throws
        -> [StoredBlock]
    {
        guard !wanted.isEmpty else { return [] }
        return try await pool.query(
            """
            select b.source_id, b.starts_at, b.generation, b.level, l.hash, b.first_series, b.series, b.body
            from unnest(\(wanted.map(\.source)), \(wanted.map(\.layout.bytes)), \(wanted.map { $0.series.ranges }))
                as w (source_id, hash, series)
            join layout l on l.hash = w.hash
            join block b on b.source_id = w.source_id and b.layout_id = l.id
                and int4range(b.first_series, b.first_series + b.series) && w.series::int4multirange
            where b.starts_at between \(windows.lowerBound) and \(windows.upperBound)
              and b.first_at <= \(range.upperBound) and b.last_at >= \(range.lowerBound)
            """
        ).compactMap(Self.decode)
    }

    /// Everything that `source` has in `window`.
    static func blocks(of source: Int32, window: Int64, on connection: PostgresConnection) async throws
        -> [StoredBlock]
    {
        try await connection.query(
            """
            select b.source_id, b.starts_at, b.generation, b.level, l.hash, b.first_series, b.series, b.body
            from block b join layout l on l.id = b.layout_id
            where b.source_id = \(source) and b.starts_at = \(window)
            order by b.generation, b.level, b.first_series
            """
        ).compactMap(decode)
    }

    /// Some blocks, merged ones first.
    static func some(_ limit: Int, on connection: PostgresConnection) async throws -> [StoredBlock] {
        try await connection.query(
            """
            select b.source_id, b.starts_at, b.generation, b.level, l.hash, b.first_series, b.series, b.body
            from block b join layout l on l.id = b.layout_id
            order by b.level desc, b.starts_at desc limit \(limit)
            """
        ).compactMap(decode)
    }

    /// The first source after `source` that has blocks.
    static func source(after source: Int32, in pool: PostgresPool) async throws -> Int32? {
        try await pool.query("select min(source_id) as source from block where source_id > \(source)").first?["source"]
    }

    /// The windows in which `source` has blocks, of those that start in `range`.
    static func windows(
        of source: Int32, in range: ClosedRange<Int64>, on connection: PostgresConnection
    ) async throws -> [Int64] {
        try await connection.query(
            """
            select distinct starts_at from block
            where source_id = \(source) and starts_at between \(range.lowerBound) and \(range.upperBound)
            order by starts_at
            """
        ).map { try $0["starts_at"] }
    }

    /// The layouts of the blocks of `source` whose windows start in `windows`.
    static func layouts(
        of source: Int32, windows: ClosedRange<Int64>, on connection: PostgresConnection
    ) async throws -> Set<LayoutHash> {
        let rows = try await connection.query(
            """
            select hash from layout where id in (
                select layout_id from block
                where source_id = \(source) and starts_at between \(windows.lowerBound) and \(windows.upperBound))
            """)
        return Set(try rows.compactMap { LayoutHash(bytes: try $0["hash"]) })
    }

    /// The windows in which `source` has blocks.
    static func windows(of source: Int32, in pool: PostgresPool) async throws -> [Int64] {
        try await pool.query("select distinct starts_at from block where source_id = \(source) order by starts_at")
            .map { try $0["starts_at"] }
    }

    private static func decode(_ row: Row) throws -> StoredBlock? {
        guard let layout = LayoutHash(bytes: try row["hash"]) else { return nil }
        let first: Int32 = try row["first_series"]
        let count: Int32 = try row["series"]
        return StoredBlock(
            stretch: StoredBlock.Stretch(
                source: try row["source_id"], window: try row["starts_at"], generation: try row["generation"],
                layout: layout, level: try row["level"]),
            series: Int(first)..<Int(first) + Int(count), body: try row["body"])
    }
}

extension [Int] {
    /// As PostgreSQL writes an `int4multirange`; the numbers rise.
    var ranges: String {
        var ranges: [Range<Int>] = []
        for number in self {
            if let last = ranges.last, last.upperBound == number {
                ranges[ranges.count - 1] = last.lowerBound..<number + 1
            } else {
                ranges.append(number..<number + 1)
            }
        }
        return "{" + ranges.map { "[\($0.lowerBound),\($0.upperBound))" }.joined(separator: ",") + "}"
    }
}
