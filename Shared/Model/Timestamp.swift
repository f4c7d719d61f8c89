/// An instant: whole milliseconds since 1970-01-01T00:00:00Z, as Prometheus and the wire use it.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Milliseconds since the epoch; negative before it.
    public var milliseconds: Int64

    /// The instant `milliseconds` after the epoch.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// The instant `seconds` after the epoch, rounded to the nearest millisecond; saturates outside Int64.
    public init(seconds: Double) {
        let scaled = (seconds * 1000).rounded()
        milliseconds = Int64(exactly: scaled) ?? (scaled < 0 ? .min : .max)
    }

    /// Seconds since the epoch.
    public var seconds: Double { Double(milliseconds) / 1000 }

    public var description: String { "\(milliseconds) ms" }

    /// Earlier first.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// `left` moved by `right`, cut to milliseconds.
    public static func + (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(milliseconds: left.milliseconds &+ right.milliseconds)
    }

    /// `left` moved back by `right`, cut to milliseconds.
    public static func - (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(milliseconds: left.milliseconds &- right.milliseconds)
    }

    /// How long after `right` is `left`; negative if before.
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .milliseconds(left.milliseconds &- right.milliseconds)
    }
}

extension Duration {
    /// The whole duration in milliseconds, cut towards zero; saturates outside Int64.
    public var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? (seconds < 0 ? .min : .max) : whole &+ attoseconds / 1_000_000_000_000_000
    }

    /// The whole duration in seconds, as a fraction.
    public var fractionalSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
