import Rules
import ServiceLifecycle
import UnixSignals

/// Reads the rule files again on SIGHUP (`systemctl reload`).
struct RuleReloader: Service {
    let rules: RuleService

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() {
            // The service has logged what is wrong, and keeps the rules.
            _ = try? rules.reload()
        }
    }
}
