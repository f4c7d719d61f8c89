internal import BlockCodec
internal import FrameCodec
internal import Logging
internal import Model
internal import Postgres

/// Turns the young blocks of closed windows into merged ones, a source at a time.
///
/// Restartable at any point, and several may run: each source's window is one transaction under a lock.
struct BlockMerger: Sendable {
    /// A source's window that has young blocks.
    struct Candidate: Sendable {
        var source: Int32
        var window: Int64
    }

    let store: SeriesStore

    /// Merges all closed windows that have young blocks.
    func run() async throws {
        for candidate in try await candidates() {
            try Task.checkCancellation()
            try await merge(candidate)
        }
    }

    /// Closed: its last scrapes have become young blocks.
    private func candidates() async throws -> [Candidate] {
        let compactedThrough = try await store.partitions.compactedThrough()
        let closed = min(compactedThrough, store.clock.now.milliseconds) - store.options.blockWindow.milliseconds
        return try await store.pool.query(
            """
            select distinct starts_at, source_id from block where level = 0 and starts_at <= \(closed)
            order by starts_at, source_id
            """
        ).map { Candidate(source: try $0["source_id"], window: try $0["starts_at"]) }
    }

    private func merge(_ candidate: Candidate) async throws {
        try await store.pool.transaction { connection in
            try await connection.lockUntilCommit("compaction")
            let stored = try await BlockTable.blocks(of: candidate.source, window: candidate.window, on: connection)
            guard stored.contains(where: { $0.stretch.level == BlockTable.young }),
                let generation = stored.map(\.stretch.generation).max()
            else { return }
            let catalogue = try await store.catalogue(
                knowing: Set(stored.map(\.stretch.layout)), on: connection)
            let blocks: [NewBlock]
            do {
                blocks = try Self.merged(stored, generation: generation, catalogue)
            } catch let error as CodecError {
                // They stay as they are: what can be read of them still is.
                store.logger.error(
                    "blocks could not be merged",
                    metadata: [
                        "source": "\(candidate.source)", "window": "\(candidate.window)", "error": "\(error)",
                    ])
                return
            }
            try await store.blocks.makePartitions(for: blocks)
            let layouts = try await BlockTable.layoutIDs(Set(blocks.map(\.stretch.layout)), on: connection)
            try await BlockTable.delete(
                candidate.source, window: candidate.window, through: generation, on: connection)
            try await BlockTable.insert(blocks, layouts: layouts, on: connection)
        }
    }

    /// The blocks that hold what `stored` hold.
    static func merged(
        _ stored: [StoredBlock], generation: Int64, _ catalogue: Catalogue
    ) throws(CodecError) -> [NewBlock] {
        let tips = catalogue.tips(of: Set(stored.map(\.stretch.layout)))
        var parts: [LayoutHash: [Part]] = [:]
        var places: [StoredBlock.Stretch: Int] = [:]
        for block in stored {
            let tip = tips[block.stretch.layout] ?? block.stretch.layout
            if let place = places[block.stretch] {
                parts[tip]?[place].groups.append(block)
            } else {
                places[block.stretch] = parts[tip]?.count ?? 0
                parts[tip, default: []].append(Part(groups: [block], generation: block.stretch.generation))
            }
        }
        var result: [NewBlock] = []
        for (tip, parts) in parts {
            var stretch = stored[0].stretch
            (stretch.layout, stretch.generation, stretch.level) = (tip, generation, BlockTable.merged)
            result += try merged(parts, stretch)
        }
        return result
    }

    /// Blocks of the same scrapes.
    private struct Part {
        var groups: [StoredBlock]
        var generation: Int64
    }

    private static func merged(
        _ parts: [Part], _ stretch: StoredBlock.Stretch
    ) throws(CodecError) -> [NewBlock] {
        var readers: [PartReader] = []
        for part in parts { readers.append(try PartReader(part.groups, generation: part.generation)) }
        let order = ScrapeOrder(readers.map { (timestamps: $0.timestamps, receivedAt: $0.generation) })
        var writer = BlockWriter(stretch, timestamps: order.timestamps)
        let series = readers.map(\.series).max() ?? 0
        for number in 0..<series {
            var columns: [[Double]] = []
            for at in readers.indices { columns.append(try readers[at].column(number)) }
            try writer.append(order.column(of: columns))
        }
        return try writer.finish()
    }
}

/// Reads the series of some scrapes one after the other, of which a block at a time is decoded.
private struct PartReader {
    let generation: Int64
    let timestamps: [Int64]
    let series: Int
    private var groups: ArraySlice<StoredBlock>
    private var current: (series: Range<Int>, columns: [[Double]]) = (0..<0, [])

    init(_ groups: [StoredBlock], generation: Int64) throws(CodecError) {
        self.generation = generation
        self.groups = groups.sorted { $0.series.lowerBound < $1.series.lowerBound }[...]
        timestamps = try Block(decoding: groups[0].body).timestamps
        series = groups.map(\.series.upperBound).max() ?? 0
    }

    /// The values of series `number`, which must not fall; empty if there is none.
    mutating func column(_ number: Int) throws(CodecError) -> [Double] {
        while !current.series.contains(number), let next = groups.first, next.series.lowerBound <= number {
            groups.removeFirst()
            let block = try Block(decoding: next.body)
            guard block.series == next.series.count, block.timestamps.count == timestamps.count else {
                throw CodecError(.contradiction, "a block that does not fit its row")
            }
            current = (next.series, block.columns(Array(0..<block.series)))
        }
        return current.series.contains(number) ? current.columns[number - current.series.lowerBound] : []
    }
}
