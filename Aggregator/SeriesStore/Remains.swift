internal import FrameCodec
internal import Logging
internal import Model
internal import Postgres
internal import Synchronization

/// Deletes what nothing needs any more: the history of deleted sources, and the part of the catalogue that no history
/// names. Restartable at any point: each step is a transaction under the lock of compaction.
struct Remains: Sendable {
    let store: SeriesStore

    /// Deletes blocks, rollups and batches of sources that were deleted, one source at a time.
    func deleteHistory() async throws {
        var count = 0
        while try await deleteOne() {
            count += 1
            try Task.checkCancellation()
        }
        if count > 0 { store.logger.info("history of deleted sources deleted", metadata: ["sources": "\(count)"]) }
    }

    private func deleteOne() async throws -> Bool {
        try await store.pool.transaction { connection in
            try await connection.lockUntilCommit("compaction")
            guard let row = try await connection.query("select * from deleted_source order by source_id limit 1").first
            else { return false }
            let (source, agent): (Int32, Int32) = (try row["source_id"], try row["agent_id"])
            for table in ["block", "rollup", "rollup_due", "deleted_source"] {
                try await connection.execute("delete from \(unsafe: table) where source_id = \(source)")
            }
            try await connection.execute(
                """
                delete from batch where agent_id = \(agent) and not exists (select from agent where id = \(agent))
                """)
            return true
        }
    }

    /// Deletes, of the catalogue, what belongs to no block and no rollup any more, and will not again.
    ///
    /// - Parameters:
    ///   - history: nothing is kept of what was before.
    ///   - samples: no sample is accepted of what was before.
    func prune(history: Timestamp, samples: Timestamp) async throws {
        let gone = try await store.pool.transaction { connection -> Catalogue.Gone in
            try await connection.lockUntilCommit("compaction")
            // A source that nobody has heard of for so long would begin anew.
            let sources: [Int32] = try await connection.query(
                "delete from source where last_at < \(history.milliseconds) returning id"
            ).map { try $0["id"] }
            // What numbers meant in an epoch before one that has lasted for longer than samples are accepted.
            let numbers = try await CatalogueTables.deleteNumbers(succeededBefore: samples.milliseconds, on: connection)
            let layouts = try await CatalogueTables.deleteLayouts(usedBefore: history.milliseconds, on: connection)
            return Catalogue.Gone(sources: Set(sources), numbers: numbers, layouts: layouts)
        }
        guard !gone.isEmpty else { return }
        store.state.withLock { $0.catalogue.forget(gone) }
        store.logger.info(
            "what nothing has any more left the catalogue",
            metadata: [
                "sources": "\(gone.sources.count)", "numbers": "\(gone.numbers.count)",
                "layouts": "\(gone.layouts.count)",
            ])
    }
}
