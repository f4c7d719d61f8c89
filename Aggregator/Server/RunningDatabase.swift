import EmbeddedPostgres
import Logging
import Postgres
import ServiceLifecycle

/// The database that the aggregator uses: one of its own, or the user's.
struct RunningDatabase {
    let pool: PostgresPool
    /// `embedded` or `external`.
    let kind: String
    private let embedded: EmbeddedPostgres?

    /// What has to run beside it.
    var services: [any Service] { embedded.map { [$0] } ?? [] }

    /// Starts a PostgreSQL of our own, or finds the user's.
    static func start(_ configuration: AggregatorConfiguration, logger: Logger) async throws -> RunningDatabase {
        guard configuration.database == nil else {
            return RunningDatabase(
                pool: connect(configuration, logger: logger), kind: "external", embedded: nil)
        }
        let embedded = EmbeddedPostgres(
            stateDirectory: configuration.stateDirectory, connections: configuration.databaseConnections,
            logger: logger)
        do {
            var settings = try await embedded.start()
            settings.connections = configuration.databaseConnections
            return RunningDatabase(
                pool: PostgresPool(settings, logger: logger), kind: "embedded", embedded: embedded)
        } catch {
            await embedded.stop()
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
        await embedded?.stop()
    }
}
