internal import AsyncSupport
internal import Logging

/// One connection: an actor whose queue may block in libpq. Statements run one after the other, in the order asked.
public actor PostgresConnection {
    /// Prepared statements kept for reuse; all are dropped when there are more.
    private static let statementLimit = 200

    private let configuration: PostgresConfiguration
    private let logger: Logger
    private let executor = BlockingExecutor(label: "etcd-monitor.postgres")
    private var handle: ConnectionHandle?
    private var canceller: Canceller?
    private var statements: [String: String] = [:]
    private var lastStatement = 0
    private var lastRun: UInt64 = 0

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    func open() throws(PostgresError) {
        let opened = try ConnectionHandle.connect(configuration)
        let limit = configuration.statementTimeout.components
        let milliseconds = limit.seconds * 1000 + limit.attoseconds / 1_000_000_000_000_000
        // With keepalives of the server's side too: an advisory lock of a machine that lost its power is free in half a
        // minute, and not after the system's two hours.
        _ = try opened.run(
            script: """
                set statement_timeout = \(milliseconds); set idle_in_transaction_session_timeout = \(2 * milliseconds);
                set tcp_keepalives_idle = 15; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3;
                set timezone = 'UTC'; set standard_conforming_strings = on; set client_min_messages = warning
                """)
        canceller = opened.makeCanceller()
        handle = consume opened
    }

    // MARK: Statements

    /// The rows of `sql`.
    ///
    /// - Throws: ``PostgresError``; `CancellationError` when the task is cancelled, which cancels the statement.
    @discardableResult
    public func query(_ sql: SQL) async throws -> [Row] {
        try await cancellable { try run(sql).rows }
    }

    /// Runs `sql`.
    ///
    /// - Returns: how many rows it inserted, updated, deleted or selected.
    @discardableResult
    public func execute(_ sql: SQL) async throws -> Int {
        try await cancellable { try run(sql).affectedRows }
    }

    /// Runs several statements separated by semicolons; for migrations and settings, never with input in them.
    public func execute(script: String) async throws {
        try await cancellable {
            _ = try handle.running { connection throws(PostgresError) in
                try connection.run(script: script)
            }
        }
    }

    private func cancellable<Result>(_ body: () throws -> Result) async throws -> Result {
        try Task.checkCancellation()
        lastRun += 1
        let (canceller, number) = (self.canceller, lastRun)
        return try await withTaskCancellationHandler {
            // A method of self: a closure that does not capture self would run, and block, on the shared pool.
            try block(number, in: body)
        } onCancel: {
            canceller?.cancel(number)
        }
    }

    private func block<Result>(_ number: UInt64, in body: () throws -> Result) throws -> Result {
        canceller?.began(number)
        defer { canceller?.ended() }
        do {
            return try body()
        } catch let error as PostgresError where error.isTimeout && Task.isCancelled {
            throw CancellationError()
        }
    }

    private func run(_ sql: SQL) throws(PostgresError) -> ResultHandle {
        let text = sql.text
        do {
            return try runPrepared(sql, text)
        } catch {
            // A migration changed a table under a prepared statement, or someone said DISCARD: prepare it anew.
            guard error.sqlState == "0A000" || error.sqlState == "26000", handle?.isInTransaction == false else {
                throw error
            }
            statements = [:]
            return try runPrepared(sql, text)
        }
    }

    private func runPrepared(_ sql: SQL, _ text: String) throws(PostgresError) -> ResultHandle {
        executor.checkIsolated()
        let types = sql.parameters.map(\.type)
        return try handle.running { connection throws(PostgresError) in
            let key = "\(types)\(text)"
            let name: String
            if let known = statements[key] {
                name = known
            } else {
                if statements.count >= Self.statementLimit {
                    _ = try connection.run(script: "deallocate all")
                    statements = [:]
                }
                lastStatement += 1
                name = "s\(lastStatement)"
                try connection.prepare(name, text: text, types: types)
                statements[key] = name
            }
            return try connection.execute(name, sql.parameters, text: text)
        }
    }

    // MARK: Transactions

    /// Runs `body` between BEGIN and COMMIT; ROLLBACK if it throws. Not to be nested.
    @discardableResult
    public func transaction<Result>(
        isolation: isolated (any Actor)? = #isolation, level: IsolationLevel = .readCommitted,
        _ body: (PostgresConnection) async throws -> Result
    ) async throws -> Result {
        try await execute(script: "begin isolation level \(level.rawValue)")
        let result: Result
        do {
            result = try await body(self)
        } catch {
            await rollBack()
            throw error
        }
        try await commit()
        return result
    }

    /// COMMIT answers ROLLBACK, without an error, when a statement failed and its error was swallowed.
    private func commit() throws {
        try Task.checkCancellation()
        let result = try handle.running { connection throws(PostgresError) in try connection.run(script: "commit") }
        guard result.commandTag == "COMMIT" else {
            throw PostgresError(.statement, "the transaction had failed and was rolled back", sqlState: "25P02")
        }
    }

    /// Runs even in a cancelled task. If it fails the connection is broken, and the server rolls back by itself.
    private func rollBack() {
        guard handle?.isHealthy == true, handle?.isInTransaction == true else { return }
        do throws(PostgresError) {
            _ = try handle.running { connection throws(PostgresError) in try connection.run(script: "rollback") }
        } catch {
            logger.debug("rollback failed", metadata: ["error": "\(error.debugDescription)"])
        }
    }

    /// Takes the advisory lock `name`, waiting for it, until the transaction ends.
    public func lockUntilCommit(_ name: String) async throws {
        try await query("select 1 as locked from (select pg_advisory_xact_lock(\(AdvisoryLock.key(name)))) as l")
    }

    func unlock(_ key: Int64) throws {
        // Runs even in a cancelled task: the lock must not outlive the caller's turn with this connection.
        _ = try run("select pg_advisory_unlock(\(key))")
    }

    // MARK: For the pool

    /// Whether an idle connection is worth lending.
    func isUsable() -> Bool { handle?.isAlive() ?? false }

    /// Makes a returned connection fit for the next borrower; false if it cannot be.
    func reset() -> Bool {
        rollBack()
        return handle?.isHealthy == true && handle?.isInTransaction == false
    }

    // MARK: For listening

    /// Waits for notifications; empty when `wake` became readable or `milliseconds` passed.
    func notifications(wake: Int32, milliseconds: Int32) throws(PostgresError) -> [String] {
        executor.checkIsolated()
        return try handle.running { connection throws(PostgresError) in
            guard connection.awaitInput(orWake: wake, milliseconds: milliseconds) else { return [] }
            return try connection.takeNotifications()
        }
    }
}

extension ConnectionHandle? {
    /// Calls `body` with the open connection.
    fileprivate borrowing func running<Result>(
        _ body: (borrowing ConnectionHandle) throws(PostgresError) -> Result
    ) throws(PostgresError) -> Result {
        switch self {
        case .some(let handle): return try body(handle)
        case .none: throw PostgresError(.connectionLost, "the connection is not open")
        }
    }
}
