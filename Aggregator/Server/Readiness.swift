import AsyncSupport
import Fleet
import FleetHealth
import Logging
import ServiceLifecycle
import ServiceRuntime

/// Tells systemd when the aggregator serves, how the fleet is, that it is alive, and that it stops.
struct Readiness: Service, CustomStringConvertible {
    let fleet: FleetService
    let health: FleetHealthService
    let logger: Logger
    private let notifier = SystemdNotifier()

    init(fleet: FleetService, health: FleetHealthService, logger: Logger) {
        self.fleet = fleet
        self.health = health
        self.logger = logger
    }

    var description: String { "Readiness" }

    /// Connections are taken.
    func isServing(port: Int, url: String) {
        notifier.ready(status: "serving \(url)")
        logger.notice("serving", metadata: ["port": "\(port)", "url": "\(url)"])
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await notifier.runWatchdog() }
                group.addTask { await tellStatus() }
            }
        }
        notifier.stopping()
    }

    private func tellStatus() async {
        var ticker = Ticker(every: .seconds(10), phase: .seconds(10), clock: ContinuousClock())
        // Cancelled: shutdown.
        while (try? await ticker.next()) != nil { notifier.status(sentence) }
    }

    /// `3 clusters (1 degraded), 9 agents (1 silent)`
    private var sentence: String {
        let summaries = health.summaries
        let agents = fleet.agents.filter(\.isActive)
        let silent = agents.count { $0.contact.silentSince != nil }
        let ill = [HealthStatus.critical, .degraded, .unknown].compactMap { status in
            let count = summaries.count { $0.status == status }
            return count == 0 ? nil : "\(count) \(status.rawValue)"
        }
        return "\(summaries.count) clusters\(ill.isEmpty ? "" : " (\(ill.joined(separator: ", ")))"),"
            + " \(agents.count) agents\(silent == 0 ? "" : " (\(silent) silent)")"
    }
}
