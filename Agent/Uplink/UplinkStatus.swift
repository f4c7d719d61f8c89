public import Model

/// How the sending goes: for `systemctl status`, the agent's own series, and whoever asks.
public struct UplinkStatus: Sendable, Equatable {
    /// Batches that the aggregator acknowledged.
    public var acknowledgedBatches: UInt64 = 0
    /// Batches that it will never take.
    public var refusedBatches: UInt64 = 0
    /// Requests that failed, by problem code or kind of failure.
    public var failures: [String: UInt64] = [:]
    /// Request lines, headers and bodies; without TLS.
    public var sentBytes: UInt64 = 0
    /// Status lines, headers and bodies; without TLS.
    public var receivedBytes: UInt64 = 0
    /// Connections opened.
    public var connections: UInt64 = 0
    /// When a batch was acknowledged last.
    public var lastSuccess: Timestamp?
    /// What went wrong last; empty after a success.
    public var lastError = ""
    /// The aggregator's clock less ours, as it told us; zero unless it complained.
    public var clockOffset: Duration = .zero
    /// The aggregator that is used.
    public var aggregator = ""
    /// Since when nothing was acknowledged although something was to be sent; nil while all is well.
    public var awaySince: Timestamp?
    /// Whether a person must act: revoked, unknown, wrong key.
    public var isRefused = false
}
