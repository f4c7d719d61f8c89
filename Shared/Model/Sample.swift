/// A value at an instant.
public struct Sample: Hashable, Sendable {
    /// When.
    public var timestamp: Timestamp
    /// What; `Double.stale` ends a series.
    public var value: Double

    /// `value` at `timestamp`.
    public init(_ timestamp: Timestamp, _ value: Double) {
        self.timestamp = timestamp
        self.value = value
    }
}

extension Double {
    /// Prometheus's staleness marker: the NaN with bits 0x7ff0000000000002 (`model/value/value.go`). The series has
    /// no value from here on.
    public static let stale = Double(bitPattern: 0x7ff0_0000_0000_0002)

    /// Whether this is the staleness marker, and not merely a NaN.
    public var isStale: Bool { bitPattern == 0x7ff0_0000_0000_0002 }
}
