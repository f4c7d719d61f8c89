internal import AsyncSupport
public import Logging
public import Model
public import Postgres
public import SelfMetrics
public import SeriesStore
public import ServiceLifecycle
internal import Synchronization

/// Passes on what the store receives, to every endpoint on its own.
///
/// There is no queue of samples: each endpoint has a place in the stream of batches that the database holds anyway, kept in
/// `remote_write_position`. A restart, or another aggregator over the same database, goes on from there; an endpoint that
/// is away costs nothing but later dropping of batches, and that for ``RemoteWriteConfiguration/maximumAge`` only. What
/// was sent right before a crash is sent again. Of several aggregators one sends, holding an advisory lock.
public final class RemoteWriteSender: Service {
    private let configuration: RemoteWriteConfiguration
    private let store: SeriesStore
    private let pool: PostgresPool
    private let metrics: MetricRegistry
    private let clock: WallClock
    private let logger: Logger

    /// A service for the endpoints of `configuration`.
    public init(
        _ configuration: RemoteWriteConfiguration, store: SeriesStore, pool: PostgresPool, metrics: MetricRegistry,
        clock: WallClock = .system, logger: Logger
    ) {
        self.configuration = configuration
        self.store = store
        self.pool = pool
        self.metrics = metrics
        self.clock = clock
        self.logger = logger
    }

    /// Sends until the program stops; waits while another aggregator does.
    public func run() async throws {
        let channels = configuration.endpoints.map {
            RemoteWriteChannel($0, store: store, pool: pool, metrics, clock, logger)
        }
        await cancelWhenGracefulShutdown {
            if channels.isEmpty {
                // Places that are left over hold nothing back for long.
                try? await self.forgetEndpoints()
                // Nothing is sent; a service that ends would end the program.
                return await Self.untilCancelled()
            }
            while !Task.isCancelled {
                do {
                    _ = try await self.pool.withAdvisoryLock("remote-write") { connection in
                        try await self.forgetEndpoints()
                        try await self.run(channels, holding: connection)
                    }
                } catch is CancellationError {
                    return
                } catch {
                    self.logger.warning("remote-write was interrupted", metadata: ["error": "\(error)"])
                }
                // So late at most another aggregator takes over. Cancelled is how it ends.
                try? await Task.sleep(for: .seconds(2))
            }
        }
    }

    private static func untilCancelled() async {
        while !Task.isCancelled {
            // Cancelled is how it ends.
            try? await Task.sleep(for: .seconds(3600))
        }
    }

    private func run(_ channels: [RemoteWriteChannel], holding connection: PostgresConnection) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            // The lock lives as long as its session: a dead session means that another may hold it.
            group.addTask {
                while true {
                    try await connection.query("select 1 as alive")
                    try await Task.sleep(for: .seconds(2))
                }
            }
            for channel in channels { group.addTask { try await channel.run() } }
            defer { group.cancelAll() }
            for try await _ in group {}
        }
    }

    /// Places of endpoints that are configured no more hold nothing back.
    private func forgetEndpoints() async throws {
        let names = configuration.endpoints.map(\.name)
        try await pool.execute("delete from remote_write_position where endpoint <> all(\(names))")
    }
}
