internal import AsyncSupport
internal import CSystemd

/// Tells systemd how the service is doing (sd_notify(3)); does nothing where nobody listens.
public struct SystemdNotifier: Sendable {
    /// A notifier of this process.
    public init() {}

    /// Whether systemd asked to be told.
    public var isSupervised: Bool { environment("NOTIFY_SOCKET") != nil }

    /// Start-up is complete.
    public func ready(status: String? = nil) {
        notify(["READY=1"] + (status.map { ["STATUS=\(oneLine($0))"] } ?? []))
    }

    /// One line for `systemctl status`.
    public func status(_ text: String) {
        notify(["STATUS=\(oneLine(text))"])
    }

    /// The service has begun to stop.
    public func stopping() {
        notify(["STOPPING=1"])
    }

    /// The service is alive.
    public func watchdog() {
        notify(["WATCHDOG=1"])
    }

    /// How often systemd expects a sign of life (WATCHDOG_USEC of this process), or nil.
    public var watchdogInterval: Duration? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        return .microseconds(Int64(clamping: microseconds))
    }

    /// Gives a sign of life at half the expected interval for as long as `isAlive` says so, until cancelled. Returns at
    /// once if systemd expects none.
    public func runWatchdog(while isAlive: @Sendable () async -> Bool = { true }) async {
        guard let interval = watchdogInterval, interval > .zero else { return }
        var ticker = Ticker(every: interval / 2, clock: ContinuousClock())
        // Only cancellation ends the ticker: the service is stopping.
        while (try? await ticker.next()) != nil {
            if await isAlive() { watchdog() }
        }
    }

    private func notify(_ lines: [String]) {
        // A failure means that systemd is gone or never was; the service goes on either way.
        _ = sd_notify(0, lines.joined(separator: "\n"))
    }

    private func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }
}
