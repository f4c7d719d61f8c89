internal import Model
internal import Synchronization

/// A time of day that moves when it is told to.
final class SimulatedTime: Sendable {
    private let instant: Mutex<Timestamp>

    init(_ instant: Timestamp) { self.instant = Mutex(instant) }

    var now: Timestamp {
        get { instant.withLock { $0 } }
        set { instant.withLock { $0 = newValue } }
    }

    var wallClock: WallClock { WallClock { self.now } }
}
