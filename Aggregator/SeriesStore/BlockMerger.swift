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

    /// Merges all windows that have young blocks and are closed, as their last scrapes have become such.
    ///
    /// - Parameter closed: until when all batches are blocks, in milliseconds since 1970.
    func run(through closed: Int64) async throws {
        for candidate in try await candidates(through: closed) {
            try Task.checkCancellation()
            try await merge(candidate)
        }
    }

    private func candidates(through closed: Int64) async throws -> [Candidate] {
        let newest = closed - store.options.blockWindow.milliseconds
        return try await store.pool.query(
            """
            select distinct starts_at, source_id from block where level = 0 and starts_at <= \(newest)
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
            try await RollupTable.noteDue(candidate.source, at: candidate.window, on: connection)
        }
    }

    /// The blocks that hold what `stored` hold.
    static func merged(
        _ stored: [StoredBlock], generation: Int64, _ catalogue: Catalogue
    ) throws(CodecError) -> [NewBlock] {
        let tips = catalogue.tips(of: Set(stored.map(\.stretch.layout)))
        var result: [NewBlock] = []
        for var line in try WindowLine.lines(of: stored, tips: tips) {
            var stretch = stored[0].stretch
            (stretch.layout, stretch.generation, stretch.level) = (line.tip, generation, BlockTable.merged)
            var writer = BlockWriter(stretch, timestamps: line.timestamps)
            for number in 0..<line.series { try writer.append(line.column(number)) }
            result += try writer.finish()
        }
        return result
    }
}
