internal import FrameCodec
internal import Logging
internal import Model
internal import Postgres

/// Turns the merged blocks of closed days into rollups, a source's day at a time, and again when late scrapes changed it.
///
/// Restartable at any point, and several may run: each source's day is one transaction under a lock.
struct RollupMaker: Sendable {
    let store: SeriesStore

    /// Rolls up all closed days that are due.
    ///
    /// - Parameter closed: until when all batches are merged blocks, in milliseconds since 1970.
    func run(through closed: Int64) async throws {
        let end = closed.floored(to: CalendarDay.milliseconds)
        while try await step(before: end) { try Task.checkCancellation() }
        try await store.rollups.note(rolledThrough: end)
    }

    /// Rolls up one source's day.
    ///
    /// - Returns: false if there was nothing to do.
    private func step(before end: Int64) async throws -> Bool {
        try await store.pool.transaction { connection in
            try await connection.lockUntilCommit("compaction")
            guard let due = try await RollupTable.takeDue(before: end, on: connection) else { return false }
            // What is gone is not rolled up again: a late scrape must not take the place of a whole day.
            guard try await RollupTable.blocksBegin(on: connection) <= due.day else { return true }
            let rows: [NewRollup]
            do {
                rows = try await self.rows(of: due, on: connection)
            } catch let error as CodecError {
                store.logger.error(
                    "a day could not be rolled up",
                    metadata: ["source": "\(due.source)", "day": "\(due.day)", "error": "\(error)"])
                return true
            }
            try await store.rollups.days.make(for: [due.day])
            try await RollupTable.replace(due, by: rows, on: connection)
            return true
        }
    }

    private func rows(of due: RollupTable.Due, on connection: PostgresConnection) async throws -> [NewRollup] {
        let day = due.day...(due.day + CalendarDay.milliseconds - 1)
        let layouts = try await BlockTable.layouts(of: due.source, windows: day, on: connection)
        let catalogue = try await store.catalogue(knowing: layouts, on: connection)
        let tips = catalogue.tips(of: layouts)
        var rollup = DayRollup()
        for window in try await BlockTable.windows(of: due.source, in: day, on: connection) {
            let stored = try await BlockTable.blocks(of: due.source, window: window, on: connection)
            for var line in try WindowLine.lines(of: stored, tips: tips) { try rollup.add(&line) }
        }
        let counters = Set(tips.values).reduce(into: [:]) { $0[$1] = catalogue.layouts[$1]?.counters }
        return try rollup.rows { layout, number in counters[layout]?.contains(number) ?? false }
    }
}
