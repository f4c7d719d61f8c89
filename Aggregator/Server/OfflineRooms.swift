import Access
import ArgumentParser
import Fleet
import Logging
import Postgres
import SeriesStore

/// The few rooms that a command needs, on the database that the aggregator uses.
struct OfflineRooms: Sendable {
    let pool: PostgresPool
    let fleet: FleetService
    let audit: AuditLog
    let access: AccessService
    let store: SeriesStore

    /// Connects, runs `body`, disconnects. Errors are told in one line, with exit status 1.
    static func with(
        _ configuration: AggregatorConfiguration, _ body: (OfflineRooms) async throws -> Void
    ) async throws {
        let logger = Logger(label: "command") { _ in SwiftLogNoOpLogHandler() }
        var modest = configuration
        modest.databaseConnections = 2
        let pool = RunningDatabase.connect(modest, logger: logger)
        defer { pool.close() }
        do {
            let audit = AuditLog(pool: pool, logger: logger)
            let rooms = OfflineRooms(
                pool: pool, fleet: FleetService(pool: pool, logger: logger), audit: audit,
                access: try AccessService(pool: pool, audit: audit, logger: logger),
                store: SeriesStore(pool, options: configuration.storeOptions, logger: logger))
            try await body(rooms)
        } catch let error as PostgresError where error.code == .cannotConnect || error.code == .poolExhausted {
            StandardError.print("\(error); is the aggregator running?")
            throw ExitCode.failure
        } catch let error where !(error is ExitCode) {
            StandardError.print("\(error)")
            throw ExitCode.failure
        }
    }
}
