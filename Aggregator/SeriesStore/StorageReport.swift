internal import BlockCodec
internal import FrameCodec
internal import Model
internal import Postgres
internal import Synchronization

/// What history costs, as PostgreSQL reports it.
public struct StorageReport: Sendable {
    /// A table with its indexes and TOAST.
    public struct Table: Sendable {
        /// Its name; of a partitioned one all partitions together.
        public var name: String
        /// Of table, indexes and TOAST.
        public var bytes: Int64
    }

    /// What some samples cost.
    public struct Share: Sendable {
        /// Of what: a cluster's name, or a metric's.
        public var name: String
        /// In blocks.
        public var samples: Int64 = 0
        /// Of the blocks' bodies.
        public var bytes: Int64 = 0
    }

    /// Largest first.
    public var tables: [Table] = []
    /// Samples in blocks.
    public var samples: Int64 = 0
    /// Bytes of blocks and of the catalogue that names their series, with indexes and TOAST.
    public var bytes: Int64 = 0
    /// Batches that are not blocks yet.
    public var waitingBatches: Int64 = 0
    /// Rows of `block` that are not merged yet.
    public var youngBlocks: Int64 = 0
    /// Rows of `block` that are.
    public var mergedBlocks: Int64 = 0
    /// Rows of `rollup`, which are no samples.
    public var rollups: Int64 = 0
    /// Largest first.
    public var clusters: [Share] = []
    /// Largest first; of a sample of the blocks.
    public var metrics: [Share] = []

    /// nil before the first block.
    public var bytesPerSample: Double? { samples > 0 ? Double(bytes) / Double(samples) : nil }
}

extension SeriesStore {
    /// Tables that name the series of blocks.
    private static let catalogueTables = ["layout", "source", "source_number", "source_layout", "batch_partition"]
    /// Blocks that are decoded to tell what each metric costs.
    private static let sampledBlocks = 2000

    /// What history costs. Reads sizes, counts rows, and decodes some two thousand blocks.
    public func report() async throws -> StorageReport {
        var report = StorageReport()
        try await pool.withConnection { connection in
            report.tables = try await Self.tables(on: connection)
            let row = try await connection.query(
                """
                select coalesce(sum(scrapes::bigint * series), 0)::bigint as samples,
                    count(*) filter (where level = 0) as young, count(*) filter (where level > 0) as merged,
                    (select count(*) from batch b join batch_partition p
                     on p.compacted_at is null and b.received_at >= p.starts_at and b.received_at < p.ends_at) as waiting,
                    (select count(*) from rollup) as rollups
                from block
                """
            ).first
            if let row {
                report.samples = try row["samples"]
                (report.youngBlocks, report.mergedBlocks) = (try row["young"], try row["merged"])
                (report.waitingBatches, report.rollups) = (try row["waiting"], try row["rollups"])
            }
            report.bytes = report.tables.filter { $0.name == "block" || Self.catalogueTables.contains($0.name) }
                .reduce(0) { $0 + $1.bytes }
            report.clusters = try await connection.query(
                """
                select coalesce(c.name, '(aggregator)') as name, sum(b.scrapes::bigint * b.series)::bigint as samples,
                    sum(length(b.body))::bigint as bytes
                from block b join source s on s.id = b.source_id join agent a on a.id = s.agent_id
                left join node n on n.id = a.node_id left join cluster c on c.id = n.cluster_id
                group by 1 order by 3 desc
                """
            ).map { StorageReport.Share(name: try $0["name"], samples: try $0["samples"], bytes: try $0["bytes"]) }
            report.metrics = try await self.metrics(on: connection)
        }
        return report
    }

    private static func tables(on connection: PostgresConnection) async throws -> [StorageReport.Table] {
        try await connection.query(
            """
            select coalesce(pg_partition_root(c.oid)::regclass::text, c.relname::text) as name,
                sum(pg_total_relation_size(c.oid))::bigint as bytes
            from pg_class c
            join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
            where c.relkind = 'r' group by 1 order by 2 desc
            """
        ).map { StorageReport.Table(name: try $0["name"], bytes: try $0["bytes"]) }
    }

    /// Each block's bytes, shared out by what its series take before compression.
    private func metrics(on connection: PostgresConnection) async throws -> [StorageReport.Share] {
        let stored = try await BlockTable.some(Self.sampledBlocks, on: connection)
        let catalogue = try await catalogue(knowing: Set(stored.map(\.stretch.layout)), on: connection)
        var shares: [String: StorageReport.Share] = [:]
        for row in stored {
            guard let layout = catalogue.layouts[row.stretch.layout], layout.scraped.count >= row.series.upperBound
            else {
                continue
            }
            let block = try Block(decoding: row.body)
            let content = block.contentBytes
            let all = max(1, content.reduce(0, +))
            for (number, bytes) in zip(row.series, content) {
                let name = layout.scraped[number].metric
                shares[name, default: StorageReport.Share(name: name)].samples += Int64(block.timestamps.count)
                shares[name]?.bytes += Int64(row.body.count * bytes / all)
            }
        }
        return shares.values.sorted { ($0.bytes, $1.name) > ($1.bytes, $0.name) }
    }

    /// A block, rollup or batch that cannot be read.
    public struct Damage: Sendable {
        /// Which row.
        public var place: String
        /// What is wrong with it.
        public var problem: String
    }

    /// Decodes every block, every rollup and every scrape that is not a block yet, and calls `found` for each that cannot be read.
    ///
    /// - Parameter progress: told after each step how many rows were read.
    /// - Returns: how many rows were read.
    @discardableResult
    public func check(progress: (Int) -> Void, found: (Damage) -> Void) async throws -> Int {
        var rows = 0
        var last: Int32 = .min
        while let source = try await BlockTable.source(after: last, in: pool) {
            last = source
            for window in try await BlockTable.windows(of: source, in: pool) {
                let stored = try await pool.withConnection {
                    try await BlockTable.blocks(of: source, window: window, on: $0)
                }
                for row in stored { if let damage = Self.damage(of: row) { found(damage) } }
                rows += stored.count
            }
            progress(rows)
        }
        last = .min
        while let source = try await RollupTable.source(after: last, in: pool) {
            last = source
            let stored = try await pool.withConnection { try await RollupTable.rollups(of: source, on: $0) }
            for row in stored { if let damage = Self.damage(of: row) { found(damage) } }
            rows += stored.count
            progress(rows)
        }
        // What became blocks was read there; its keyframes may be gone.
        for partition in try await partitions.all() where !partition.isCompacted {
            rows += try await check(partition, found)
            progress(rows)
        }
        return rows
    }

    private static func damage(of row: StoredBlock) -> Damage? {
        let place =
            "block of source \(row.stretch.source), window \(row.stretch.window), generation \(row.stretch.generation), "
            + "series \(row.series)"
        do throws(CodecError) {
            let block = try Block(decoding: row.body)
            if block.series == row.series.count { return nil }
            return Damage(place: place, problem: "it holds \(block.series) series")
        } catch {
            return Damage(place: place, problem: error.description)
        }
    }

    private static func damage(of row: StoredRollup) -> Damage? {
        do throws(CodecError) {
            _ = try Rollup(row)
            return nil
        } catch {
            return Damage(
                place: "rollup of source \(row.source), day \(row.day), series \(row.series)",
                problem: error.description)
        }
    }

    private func check(_ partition: BatchPartitions.Partition, _ found: (Damage) -> Void) async throws -> Int {
        var rows = 0
        let agents = try await pool.query("select id from agent order by id").map { try $0["id", as: Int32.self] }
        for agent in agents {
            try await pool.withConnection { connection in
                let batches = try await table.batches(of: [agent], inPartition: partition.name, on: connection)
                rows += batches.count
                let keyframes = try await BatchTable.keyframes(under: batches, on: connection)
                for batch in batches {
                    var decoder = WholeDecoder(keyframes: keyframes)
                    for scrape in batch.scrapes { decoder.add(scrape) }
                    guard decoder.unreadable > 0 else { continue }
                    let header = batch.batch.header
                    let place = "batch \(header.sequence) of agent \(agent), epoch \(header.epoch)"
                    found(Damage(place: place, problem: "\(decoder.unreadable) scrapes cannot be decoded"))
                }
            }
        }
        return rows
    }
}
