internal import Logging
internal import Model
internal import Synchronization

/// Scrapes every source on its grid and hands what answered to the writer, in one batch a tick.
///
/// A source that is slow does not hold up the others: after a moment of patience the batch goes without it, and what it
/// answers goes in a batch of its own. A source that has not answered by its next tick is not asked again until it has.
final class CollectionLoop: Sendable {
    /// How it has gone so far.
    struct Counts: Sendable {
        /// Ticks that passed while the host was too busy, or asleep.
        var missedTicks: UInt64 = 0
        /// Times the wall clock was set.
        var clockSteps: UInt64 = 0
        /// Scrapes that were left out as the one before had not answered.
        var skippedScrapes: UInt64 = 0
        /// When the last tick was begun.
        var lastTick: ContinuousClock.Instant?
    }

    private struct Entry {
        var source: any ScrapeSource
        /// Scraped at every so many ticks.
        var every: Int64
    }

    private let entries: [Entry]
    private let grid: TickGrid
    private let writer: BatchWriter
    private let clock: WallClock
    private let logger: Logger
    private let onClockStep: @Sendable () async -> Void
    private let shared = Mutex((counts: Counts(), busy: Set<Int>()))

    /// - Parameters:
    ///   - sources: each with the number of ticks from one of its scrapes to the next.
    ///   - onClockStep: called before the first tick after the wall clock was set.
    init(
        grid: TickGrid, sources: [(source: any ScrapeSource, every: Int64)], writer: BatchWriter, logger: Logger,
        clock: WallClock = .system, onClockStep: @escaping @Sendable () async -> Void
    ) {
        self.grid = grid
        self.writer = writer
        self.logger = logger
        self.clock = clock
        self.onClockStep = onClockStep
        entries = sources.map { Entry(source: $0.source, every: $0.every) }
    }

    /// How it has gone so far.
    var counts: Counts { shared.withLock { $0.counts } }

    /// Scrapes until the task is cancelled.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            // Everything once at the start, so that a new agent is seen at once.
            let first = clock.now
            group.addTask { await self.tick(at: first, isFirst: true) }
            var last = first
            while true {
                let next = grid.next(from: Timestamp(milliseconds: max(last.milliseconds, clock.now.milliseconds) + 1))
                if try await sleep(until: next) {
                    shared.withLock { $0.counts.clockSteps += 1 }
                    await onClockStep()
                    last = clock.now
                    continue
                }
                let step = max(1, grid.interval.milliseconds)
                let missed = (next - last).milliseconds / step - 1
                if missed > 0 { shared.withLock { $0.counts.missedTicks += UInt64(missed) } }
                last = next
                shared.withLock { $0.counts.lastTick = ContinuousClock.now }
                group.addTask { await self.tick(at: next, isFirst: false) }
            }
        }
    }

    /// Sleeps until the wall clock says `instant`. Returns true if that clock was set meanwhile.
    private func sleep(until instant: Timestamp) async throws -> Bool {
        let steady = ContinuousClock()
        let before = (wall: clock.now, steady: steady.now)
        let wait = instant - before.wall
        try await Task.sleep(for: wait, clock: steady)
        let expected = before.wall + (steady.now - before.steady)
        let offset = clock.now - expected
        guard offset > TickGrid.tolerance || offset < .zero - TickGrid.tolerance else { return false }
        logger.warning("the host's clock was set", metadata: ["bySeconds": "\(offset.fractionalSeconds)"])
        return true
    }

    private func tick(at timestamp: Timestamp, isFirst: Bool) async {
        let index = timestamp.milliseconds / max(1, grid.interval.milliseconds)
        let due = entries.filter { isFirst || index % $0.every == 0 }.map(\.source).filter(take)
        guard !due.isEmpty else { return }
        await withTaskGroup(of: Scrape?.self) { group in
            for source in due {
                group.addTask {
                    let scrape = await source.scrape(at: timestamp)
                    self.giveBack(source)
                    return scrape
                }
            }
            let patience = grid.patience(at: timestamp)
            group.addTask {
                try? await Task.sleep(for: patience)  // cancelled: all have answered
                return nil
            }
            var ready: [Scrape] = []
            var isPatient = true
            var left = due.count
            while left > 0, let arrival = await group.next() {
                guard let scrape = arrival else {
                    isPatient = false
                    writer.write(ready)
                    ready = []
                    continue
                }
                left -= 1
                if isPatient { ready.append(scrape) } else { writer.write([scrape]) }
            }
            writer.write(ready)
            group.cancelAll()
        }
    }

    private func take(_ source: any ScrapeSource) -> Bool {
        shared.withLock { shared in
            guard shared.busy.insert(source.number).inserted else {
                shared.counts.skippedScrapes += 1
                return false
            }
            return true
        }
    }

    private func giveBack(_ source: any ScrapeSource) {
        shared.withLock { _ = $0.busy.remove(source.number) }
    }
}
