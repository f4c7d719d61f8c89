import Access
import AgentProtocol
import Fleet
import Ingest
import Logging
import Model
import Postgres
import SelfMetrics
import SeriesQuery
import SeriesStore
import Synchronization
import TestSupport

/// Ingest with everything it stands on, on a database of its own, committing as long as the test runs.
struct IngestWorld {
    let pool: PostgresPool
    let clock = ManualWallClock()
    let fleet: FleetService
    let audit: AuditLog
    let store: SeriesStore
    let metrics = MetricRegistry()
    let ingestor: BatchIngestor
    let stateChanges = Counter()

    final class Counter: Sendable {
        private let value = Mutex(0)
        var count: Int { value.withLock { $0 } }
        func add() { value.withLock { $0 += 1 } }
    }

    /// Runs `body` in a world, which ends with it.
    static func with(
        limits: IngestLimits = IngestLimits(), _ body: @escaping @Sendable (IngestWorld) async throws -> Void
    ) async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let world = try await IngestWorld(pool, limits)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await world.ingestor.run() }
                defer { group.cancelAll() }
                try await body(world)
            }
        }
    }

    /// Runs `body` in a second world over the database of `world`, at the same time of day.
    static func again(
        _ world: IngestWorld, _ body: @escaping @Sendable (IngestWorld) async throws -> Void
    ) async throws {
        let other = try await IngestWorld(world.pool, IngestLimits())
        other.clock.advance(by: world.clock.now - other.clock.now)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await other.ingestor.run() }
            defer { group.cancelAll() }
            try await body(other)
        }
    }

    private init(_ pool: PostgresPool, _ limits: IngestLimits) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        self.pool = pool
        fleet = FleetService(pool: pool, clock: clock.clock, logger: logger)
        try await fleet.load()
        audit = AuditLog(pool: pool, clock: clock.clock, logger: logger)
        store = SeriesStore(pool, clock: clock.clock, logger: logger)
        try await store.start()
        let changes = stateChanges
        ingestor = BatchIngestor(
            pool: pool, store: store, fleet: fleet, audit: audit, metrics: metrics, limits: limits, clock: clock.clock,
            logger: logger, stateChanged: { _ in changes.add() })
    }

    /// The code that `request` is refused with; nil if it is taken.
    func refusal(of request: UploadRequest) async -> ProblemCode? {
        do {
            try await ingestor.ingest(request)
            return nil
        } catch {
            return error.code
        }
    }

    /// How often `reason` was counted.
    func refused(_ reason: ProblemCode) -> Double {
        let labels: Labels = ["__name__": "etcd_monitor_aggregator_refused_total", "reason": reason.rawValue]
        let board = metrics.board()
        return board.series.firstIndex { $0.labels == labels }.map { board.values[$0] } ?? 0
    }

    /// Refusals in the audit log, newest first.
    func auditedRefusals() async throws -> [AuditEvent] {
        try await audit.list().map(\.event).filter { $0.outcome == .refused }
    }

    /// Rows of `batch`.
    func storedBatches() async throws -> Int {
        try await pool.query("select count(*) as n from batch").first.map { try $0["n"] } ?? 0
    }

    /// Values of `ticks_total`.
    func ticks() async throws -> [Double] {
        try await store.series(
            SeriesSelection(
                matchers: [.equal("__name__", "ticks_total")], start: clock.now - .seconds(3600),
                end: clock.now + .seconds(3600))
        ).flatMap(\.values).filter { !$0.isNaN }
    }
}
