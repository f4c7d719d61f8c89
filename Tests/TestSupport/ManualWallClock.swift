internal import Synchronization

public import Model

/// A time of day that stands still until a test moves it.
public final class ManualWallClock: Sendable {
    private let time: Mutex<Timestamp>

    /// A clock at `start`: a fixed instant in 2026 unless told otherwise.
    public init(_ start: Timestamp = Timestamp(milliseconds: 1_790_000_000_000)) {
        time = Mutex(start)
    }

    /// What the clock shows.
    public var now: Timestamp { time.withLock { $0 } }

    /// For what takes a clock.
    public var clock: WallClock { WallClock { self.now } }

    /// Moves the clock.
    public func advance(by duration: Duration) {
        time.withLock { $0 = $0 + duration }
    }
}
