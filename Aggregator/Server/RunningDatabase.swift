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

    /// Starts or finds the database.
    static func start(_ configuration: AggregatorConfiguration, logger: Logger) async throws -> RunningDatabase {
        RunningDatabase(pool: connect(configuration, logger: logger), kind: "external", services: [])
    }

    /// A pool on the database, which runs already.
    static func connect(_ configuration: AggregatorConfiguration, logger: Logger) -> PostgresPool {
        var settings = PostgresConfiguration(configuration.database ?? "")
        settings.connections = configuration.databaseConnections
        return PostgresPool(settings, logger: logger)
    }

    /// Stops what was started, when the rest could not be.
    func abandon() async {
        pool.close()
    }
}
