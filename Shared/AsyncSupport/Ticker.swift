/// Instants on a grid: `origin + phase + n × interval`, n = 0, 1, 2 …
///
/// The grid never drifts, however long the work between two ticks takes. Ticks that passed meanwhile are skipped and
/// counted, never made up for.
public struct Ticker<C: Clock>: Sendable where C.Duration == Duration {
    /// One tick.
    public struct Tick: Sendable {
        /// n: its place on the grid, rising.
        public let number: Int64
        /// Where it stands on the grid; the caller runs a little later.
        public let instant: C.Instant
        /// How many ticks were skipped since the one before.
        public let missed: Int64
    }

    /// From one tick to the next: a whole number of nanoseconds, greater than zero.
    public let interval: Duration
    private let clock: C
    private let start: C.Instant
    private var upcoming: Int64 = 0

    /// A grid that begins at `origin + phase`; `origin` is the clock's now if not given.
    public init(every interval: Duration, phase: Duration = .zero, from origin: C.Instant? = nil, clock: C) {
        precondition(interval.wholeNanoseconds > 0, "a ticker needs a positive interval")
        self.interval = .nanoseconds(interval.wholeNanoseconds)
        self.clock = clock
        start = (origin ?? clock.now).advanced(by: phase)
    }

    /// Waits for the first tick that was not given yet and stands not before now.
    ///
    /// Throws `CancellationError` when the task is cancelled.
    public mutating func next() async throws -> Tick {
        let number = max(upcoming, firstNumber(notBefore: clock.now))
        let instant = start.advanced(by: .nanoseconds(interval.wholeNanoseconds * number))
        try await clock.sleep(until: instant, tolerance: nil)
        let tick = Tick(number: number, instant: instant, missed: number - upcoming)
        upcoming = number + 1
        return tick
    }

    private func firstNumber(notBefore now: C.Instant) -> Int64 {
        let elapsed = start.duration(to: now).wholeNanoseconds
        guard elapsed > 0 else { return 0 }
        let step = interval.wholeNanoseconds
        return elapsed / step + (elapsed % step == 0 ? 0 : 1)
    }
}

extension Duration {
    /// Whole nanoseconds, cut towards zero; saturates outside Int64 (292 years).
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || carry ? (seconds < 0 ? .min : .max) : sum
    }
}
