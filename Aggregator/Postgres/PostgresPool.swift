// PostgreSQL for the aggregator: a bounded pool of libpq connections, statements written as Swift strings whose
// interpolations become binary parameters, rows decoded by column name and type, transactions, notifications and
// advisory locks. Leaves tables and migrations to Schema, and running a server of our own to EmbeddedPostgres.
internal import Dispatch
public import Logging
internal import Synchronization

/// A bounded set of connections to one database, shared by the whole process.
///
/// A connection that breaks is replaced; while the server restarts, callers wait until their deadline. No call blocks
/// the shared thread pool: libpq runs on each connection's own queue.
public final class PostgresPool: Sendable {
    /// How the pool connects and how long it waits.
    public let configuration: PostgresConfiguration

    let logger: Logger
    private let state = Mutex(State())

    /// A pool that opens its first connection when it is first asked.
    public init(_ configuration: PostgresConfiguration, logger: Logger) {
        precondition(configuration.connections > 0)
        self.configuration = configuration
        self.logger = logger
    }

    /// The rows of one statement.
    ///
    /// - Throws: ``PostgresError``; `CancellationError` when the task is cancelled (the statement too).
    @discardableResult
    public func query(_ sql: SQL) async throws -> [Row] {
        try await withConnection { try await $0.query(sql) }
    }

    /// Runs one statement that returns no rows of interest.
    ///
    /// - Returns: the number of rows that it inserted, updated, deleted or selected.
    @discardableResult
    public func execute(_ sql: SQL) async throws -> Int {
        try await withConnection { try await $0.execute(sql) }
    }

    /// Lends a connection to `body`; it returns to the pool afterwards, and is discarded if it broke.
    @discardableResult
    public func withConnection<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (PostgresConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try await acquire()
        do {
            let result = try await body(connection)
            await release(connection)
            return result
        } catch {
            await release(connection)
            throw error
        }
    }

    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
    ///
    /// - Parameters:
    ///   - level: what the transaction may see of others.
    ///   - attempts: how often `body` may run when the server reports a deadlock or a serialization failure; more
    ///     than 1 only if running it again is harmless.
    /// - Throws: what `body` throws; ``PostgresError`` of COMMIT. After `.connectionLost` at COMMIT it is unknown
    ///   whether the transaction took place.
    @discardableResult
    public func transaction<Result>(
        isolation: isolated (any Actor)? = #isolation, level: IsolationLevel = .readCommitted, attempts: Int = 1,
        _ body: (PostgresConnection) async throws -> Result
    ) async throws -> Result {
        var attempt = 1
        while true {
            do {
                return try await withConnection { connection in
                    try await connection.transaction(level: level, body)
                }
            } catch let error as PostgresError where error.isRetryable && attempt < attempts {
                logger.debug("transaction is run again", metadata: ["sqlstate": "\(error.sqlState ?? "")"])
                attempt += 1
                try await Task.sleep(for: .milliseconds(Int.random(in: 5...50) * attempt))
            }
        }
    }

    /// Runs `body` while this process holds the advisory lock `name`, which at most one session of the database holds.
    ///
    /// - Returns: nil, without running `body`, if another session holds it.
    @discardableResult
    public func withAdvisoryLock<Result>(
        _ name: String, isolation: isolated (any Actor)? = #isolation,
        _ body: (PostgresConnection) async throws -> Result
    ) async throws -> Result? {
        try await withConnection { connection in
            let key = AdvisoryLock.key(name)
            let got: Bool =
                try await connection.query("select pg_try_advisory_lock(\(key)) as got").first.map {
                    try $0["got"]
                } ?? false
            guard got else { return nil }
            do {
                let result = try await body(connection)
                try await connection.unlock(key)
                return result
            } catch {
                // The session dies with a failed unlock, and its locks with it, so the first error is the one to tell.
                try? await connection.unlock(key)
                throw error
            }
        }
    }

    /// How the pool is doing: for health checks and metrics.
    public var health: PoolHealth {
        state.withLock { state in
            PoolHealth(
                limit: configuration.connections, open: state.open, idle: state.idle.count,
                waiting: state.waiters.count, lastFailure: state.lastFailure)
        }
    }

    /// Closes idle connections and refuses all further work; lent connections close when they come back.
    public func close() {
        let (idle, waiters) = state.withLock { state in
            state.isClosed = true
            defer { (state.idle, state.waiters) = ([], []) }
            state.open -= state.idle.count
            return (state.idle, state.waiters)
        }
        for waiter in waiters { waiter.continuation.resume(throwing: PostgresError.poolClosed) }
        _ = consume idle
    }
}

// MARK: - Lending

extension PostgresPool {
    private struct State {
        var idle: [PostgresConnection] = []
        /// Connections that exist or are being opened.
        var open = 0
        var waiters: [Waiter] = []
        var lastWaiter: UInt64 = 0
        var isClosed = false
        var lastFailure: PostgresError?
    }

    private struct Waiter {
        var number: UInt64
        var continuation: CheckedContinuation<Grant, any Error>
    }

    /// What a caller gets: a connection, or the right to open one.
    private enum Grant {
        case connection(PostgresConnection)
        case permit
    }

    private func acquire() async throws -> PostgresConnection {
        let deadline = ContinuousClock.now + configuration.acquireTimeout
        while true {
            switch try await grant(before: deadline) {
            case .connection(let connection):
                if await connection.isUsable() { return connection }
                forget(because: nil)
            case .permit:
                do {
                    return try await open()
                } catch {
                    guard error.isTransient, ContinuousClock.now + .milliseconds(200) < deadline else { throw error }
                    try await Task.sleep(for: .milliseconds(200))
                }
            }
        }
    }

    private func open() async throws(PostgresError) -> PostgresConnection {
        let connection = PostgresConnection(configuration, logger: logger)
        do {
            try await connection.open()
            state.withLock { $0.lastFailure = nil }
            return connection
        } catch {
            logger.debug("cannot connect to the database", metadata: ["error": "\(error.debugDescription)"])
            forget(because: error)
            throw error
        }
    }

    private func grant(before deadline: ContinuousClock.Instant) async throws -> Grant {
        let number = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Swift.Result<Grant, any Error>? = state.withLock { state in
                    if state.isClosed { return .failure(PostgresError.poolClosed) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if let connection = state.idle.popLast() { return .success(.connection(connection)) }
                    if state.open < configuration.connections {
                        state.open += 1
                        return .success(.permit)
                    }
                    state.waiters.append(Waiter(number: number, continuation: continuation))
                    return nil
                }
                if let answer {
                    continuation.resume(with: answer)
                } else {
                    expire(number, at: deadline)
                }
            }
        } onCancel: {
            dismiss(number, throwing: CancellationError())
        }
    }

    private func expire(_ number: UInt64, at deadline: ContinuousClock.Instant) {
        let wait = max(0, (deadline - .now) / .milliseconds(1))
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Int(wait))) { [weak self] in
            guard let self else { return }
            dismiss(number, throwing: PostgresError.poolExhausted(after: configuration.acquireTimeout))
        }
    }

    private func dismiss(_ number: UInt64, throwing error: any Error) {
        let waiter = state.withLock { state in
            state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) }
        }
        waiter?.continuation.resume(throwing: error)
    }

    private func release(_ connection: PostgresConnection) async {
        guard await connection.reset() else { return forget(because: nil) }
        let waiter: Waiter? = state.withLock { state in
            if state.isClosed {
                state.open -= 1
                return nil
            }
            if !state.waiters.isEmpty { return state.waiters.removeFirst() }
            state.idle.append(connection)
            return nil
        }
        waiter?.continuation.resume(returning: .connection(connection))
    }

    /// One connection fewer: the next waiter may open another.
    private func forget(because failure: PostgresError?) {
        let waiter: Waiter? = state.withLock { state in
            if let failure { state.lastFailure = failure }
            if !state.waiters.isEmpty, !state.isClosed { return state.waiters.removeFirst() }
            state.open -= 1
            return nil
        }
        waiter?.continuation.resume(returning: .permit)
    }
}

/// What a pool says of itself.
public struct PoolHealth: Sendable {
    /// Most connections that it may open.
    public var limit: Int
    /// Connections that exist or are being opened.
    public var open: Int
    /// Connections that nobody uses now.
    public var idle: Int
    /// Callers that wait for a connection.
    public var waiting: Int
    /// Why the last attempt to connect failed; nil after one that worked.
    public var lastFailure: PostgresError?
}
