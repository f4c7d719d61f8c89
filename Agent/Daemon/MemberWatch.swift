internal import AsyncSupport
internal import Model

/// Asks one member for its Status every second, and sends at once what has changed: leader, term, alarms, version,
/// process, whether it answers at all.
struct MemberWatch: Sendable {
    let source: EtcdSource
    let interval: Duration
    let writer: BatchWriter
    var clock = WallClock.system

    /// Watches until the task is cancelled.
    func run() async throws {
        var ticker = Ticker(every: interval, clock: ContinuousClock())
        var isFirst = true
        while true {
            let isChanged = await source.refreshStatus()
            // The first answer is no change: the loop's first tick sends everything anyway.
            if isChanged, !isFirst { writer.write([await source.scrapeUrgently(at: clock.now)]) }
            isFirst = false
            _ = try await ticker.next()
        }
    }
}
