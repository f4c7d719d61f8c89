internal import Model

/// The instants at which an agent scrapes: on the wall clock's grid of `interval`, moved by a phase of its own, so that
/// a fleet does not scrape and send in one breath, and an agent that restarts goes on where it was.
///
/// Timestamps are the grid's, not the clock's: they stay exactly one interval apart while the clock is slewed. A clock
/// that steps begins a new grid.
struct TickGrid: Sendable {
    /// Between two ticks.
    let interval: Duration
    /// From a whole number of intervals since 1970 to a tick; less than the interval.
    let phase: Duration

    /// The clock was set if it is further than this from where the grid says it should be.
    static let tolerance = Duration.milliseconds(500)

    /// The grid of `agent`.
    init(interval: Duration, agent: AgentID) {
        self.interval = interval
        var seed: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in agent.bytes { seed = (seed ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        phase = .milliseconds(Int64(seed % UInt64(max(1, interval.milliseconds))))
    }

    /// The first tick that is not before `now`.
    func next(from now: Timestamp) -> Timestamp {
        let step = max(1, interval.milliseconds)
        let since = now.milliseconds - phase.milliseconds
        let past = ((since % step) + step) % step
        return Timestamp(milliseconds: past == 0 ? now.milliseconds : now.milliseconds - past + step)
    }

    /// How long the tick at `timestamp` waits for all its sources. An agent's first, which is off the grid, hands over
    /// what it has well before the next: behind newer scrapes of their sources they would be dropped.
    func patience(at timestamp: Timestamp) -> Duration {
        let next = next(from: Timestamp(milliseconds: timestamp.milliseconds + 1))
        return min(interval * 0.25, .milliseconds(500), (next - timestamp) * 0.5)
    }
}
