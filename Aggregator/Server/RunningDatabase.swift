import EmbeddedPostgres
import Logging
import Postgres
import ServiceLifecycle

/// The database that the aggregator uses: one of its own, or the user's.
struct RunningDatabase {
    let pool: PostgresPool
    /// `embedded` or `external`.
    let kind: String
    /// What has to run beside it.
    let services: [any Service]

    private let own: EmbeddedPostgres?

    /// Starts the aggregator's own PostgreSQL, or finds the user's.
    static func start(_ configuration: AggregatorConfiguration, logger: Logger) async throws -> RunningDatabase {
        guard configuration.database == nil else {
            return RunningDatabase(
                pool: connect(configuration, logger: logger), kind: "external", services: [], own: nil)
        }
        let own = EmbeddedPostgres(
            stateDirectory: configuration.stateDirectory, connections: configuration.databaseConnections,
            logger: logger)
        do {
            var settings = try await own.start()
            settings.connections = configuration.databaseConnections
            return RunningDatabase(
                pool: PostgresPool(settings, logger: logger), kind: "embedded", services: [own], own: own)
        } catch {
            // It may run without being of use.
            await own.stop()
            throw error
        }
    }

    /// A pool on the database, which runs already.
    static func connect(_ configuration: AggregatorConfiguration, logger: Logger) -> PostgresPool {
        var settings =
            configuration.database.map { PostgresConfiguration($0) }
            ?? EmbeddedPostgres.connection(stateDirectory: configuration.stateDirectory)
        settings.connections = configuration.databaseConnections
        return PostgresPool(settings, logger: logger)
    }

    /// Stops what was started, when the rest could not be.
    func abandon() async {
        pool.close()
        await own?.stop()
    }
}
