/// How a member's WAL is probed.
public struct ProbeOptions: Sendable, Hashable {
    /// The mean time from one record to the next at least; see `pace`.
    public var interval = Duration.seconds(3)
    /// Bytes that may be written in a day (UTC), counted in whole pages of 4 KiB.
    public var dailyLimitBytes = 256 << 20
    /// The probe rests while `full avg10` of /proc/pressure/io is above this; per cent.
    public var pressureLimit = 20.0

    /// As the agent runs unless told otherwise.
    public init() {}

    /// What records are as large as: etcd's own published figure, and what Kubernetes writes.
    public static let recordSizes = [2300, 8000]

    /// The mean time from one record to the next: the day's bytes last for the day. Each wait is between half of it and
    /// one and a half.
    var pace: Duration {
        // Two in a hundred to spare, for days on which the waits are shorter than they are on average.
        let recordsADay = Double(dailyLimitBytes) / (ByteBudget.meanCost(of: Self.recordSizes) * 1.02)
        return max(interval, .seconds(86_400) / max(1, recordsADay))
    }
}
