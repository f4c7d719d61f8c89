internal import Glibc

/// Where the time of day comes from: the host, or a test.
public struct WallClock: Sendable {
    private let read: @Sendable () -> Timestamp

    /// A clock that answers what `read` answers.
    public init(_ read: @escaping @Sendable () -> Timestamp) {
        self.read = read
    }

    /// Now.
    public var now: Timestamp { read() }

    /// The host's CLOCK_REALTIME.
    public static let system = WallClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
