internal import Model

/// When a pause becomes silence.
struct Patience: Hashable, Sendable {
    /// A longer pause is no longer normal.
    var silentAfter: Duration
    /// Nobody is blamed for the time before we listened.
    var listeningSince: Timestamp

    /// Whether one who was last heard at `lastSeen` is silent.
    func isSilent(lastSeen: Timestamp, at now: Timestamp) -> Bool {
        now - max(lastSeen, listeningSince) > silentAfter
    }
}
