import AsyncSupport
import Fleet
import Logging
import Model
import Notifications
import Postgres
import SelfMetrics
import SeriesQuery
import SeriesStore
import ServiceLifecycle

/// Writes the aggregator's own numbers into its own store every 15 seconds, so that they have a history and rules can
/// watch the watcher.
struct SelfObservation: Service, CustomStringConvertible {
    let metrics: MetricRegistry
    let sink: any SeriesSink
    let clock: WallClock
    let logger: Logger

    var description: String { "SelfObservation" }

    func run() async throws {
        await cancelWhenGracefulShutdown { await untilCancelled() }
    }

    private func untilCancelled() async {
        var ticker = Ticker(every: .seconds(15), clock: ContinuousClock())
        // Cancelled: shutdown.
        while (try? await ticker.next()) != nil { await observe() }
    }

    private func observe() async {
        let board = metrics.board()
        let identity = [Label("job", "etcd-monitor-aggregator"), Label("instance", HostNames.hostName)]
        let samples = zip(board.series, board.values).map { series, value in
            (labels: Labels(Array(series.labels) + identity), value: value)
        }
        do {
            try await sink.append(samples, source: "self", at: clock.now)
        } catch {
            logger.warning("own metrics could not be stored", metadata: ["error": "\(String(reflecting: error))"])
        }
    }

    /// Gauges over the rooms that count by themselves.
    static func register(
        _ metrics: MetricRegistry, pool: PostgresPool, store: SeriesStore, fleet: FleetService,
        notifications: NotificationService
    ) {
        let prefix = "etcd_monitor_aggregator"
        metrics.gauge("\(prefix)_database_connections", help: "Connections to the database that are open.") {
            Double(pool.health.open)
        }
        metrics.gauge("\(prefix)_database_waiting", help: "Callers that wait for a connection.") {
            Double(pool.health.waiting)
        }
        metrics.gauge("\(prefix)_recent_bytes", help: "Bytes of batches in memory.") { Double(store.recentBytes) }
        metrics.gauge("\(prefix)_sources", help: "Scrape targets known.") { Double(store.sourceCount) }
        metrics.gauge("\(prefix)_agents", help: "Agents that are enrolled.") {
            Double(fleet.agents.count(where: \.isActive))
        }
        metrics.gauge("\(prefix)_agents_silent", help: "Agents that are silent.") {
            Double(fleet.agents.count { $0.isActive && $0.contact.silentSince != nil })
        }
        metrics.gauge("\(prefix)_notifications_delivered", help: "Deliveries made since the start.") {
            Double(notifications.counts.delivered)
        }
        metrics.gauge("\(prefix)_notifications_failed_attempts", help: "Attempts that failed since the start.") {
            Double(notifications.counts.failedAttempts)
        }
        metrics.gauge("\(prefix)_notifications_given_up", help: "Deliveries given up since the start.") {
            Double(notifications.counts.givenUp)
        }
        metrics.gauge("\(prefix)_resident_memory_bytes", help: "Resident memory of this process.") {
            ProcessMemory.residentBytes
        }
    }
}
