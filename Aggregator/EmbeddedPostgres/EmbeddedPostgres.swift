// A PostgreSQL of our own for those who configure none: made under the state directory, reachable only through a Unix
// socket, started, watched, restarted and stopped with the aggregator. Uses the distribution's server and never touches
// a system cluster. Leaves connections to Postgres and tables to Schema.
internal import AsyncSupport
internal import DurableFiles
public import Logging
public import Postgres
public import ServiceLifecycle

/// The aggregator's own PostgreSQL server.
///
///     let database = EmbeddedPostgres(stateDirectory: "/var/lib/etcd-monitor", logger: logger)
///     let pool = PostgresPool(try await database.start(), logger: logger)
///     // … and `database` first in the service group, so that it stops last.
public actor EmbeddedPostgres: Service {
    /// The server's superuser, and the name of the one database.
    static let user = "etcd_monitor"

    /// How long a server may take until it accepts connections: recovery after a crash replays its log.
    private static let readyLimit = Duration.seconds(300)

    private let layout: ServerLayout
    private let settings: ServerSettings
    private let launcher: Launcher
    private let logger: Logger
    private let executor = BlockingExecutor(label: "etcd-monitor.embedded-postgres")

    private var lock: FileLock?
    private var installation: PostgresInstallation?
    private var process: ServerProcess?
    private var isStopping = false

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// A server whose files are in `stateDirectory/postgres`.
    ///
    /// - Parameters:
    ///   - binaries: where `postgres` and `initdb` are; nil to look for the newest ones.
    ///   - connections: most connections that the aggregator opens.
    public init(stateDirectory: String, binaries: String? = nil, connections: Int = 8, logger: Logger) {
        self.init(
            stateDirectory: stateDirectory, binaries: binaries, connections: connections, launcher: Launcher(),
            logger: logger)
    }

    /// With another way to launch: tests that run as root need one.
    init(stateDirectory: String, binaries: String?, connections: Int, launcher: Launcher, logger: Logger) {
        layout = ServerLayout(stateDirectory: stateDirectory, binaries: binaries)
        settings = ServerSettings(connections: connections)
        self.launcher = launcher
        self.logger = logger
    }

    /// How to connect to the server of `stateDirectory` while an aggregator runs it: for commands beside it.
    public static func connection(stateDirectory: String) -> PostgresConfiguration {
        ServerLayout(stateDirectory: stateDirectory, binaries: nil).connection(to: user)
    }

    // MARK: Start

    /// Starts the server, making its files if there are none, and returns how to connect to it.
    ///
    /// - Throws: ``EmbeddedPostgresError``; its message says what to do.
    public func start() async throws -> PostgresConfiguration {
        try launcher.refuseRoot()
        try prepareDirectory()
        let installation = try layout.chooseInstallation(launcher)
        self.installation = installation
        try LeftoverServer(layout: layout).end(logger: logger)
        if !layout.hasData {
            logger.info("making the database's files", metadata: ["directory": "\(layout.data)"])
            try layout.initialise(with: installation, launcher)
        }
        process = try await launch(installation)
        try await waitUntilReady()
        logger.info(
            "own PostgreSQL runs",
            metadata: ["version": "\(installation.version)", "directory": "\(layout.data)"])
        return layout.connection(to: Self.user)
    }

    private func prepareDirectory() throws {
        do throws(FileError) {
            try Directory.create(layout.root)
            lock = try FileLock(layout.lockFile)
        } catch {
            guard error.code == .locked else {
                throw EmbeddedPostgresError(
                    .directory, "the database's directory \(layout.root) cannot be used: \(error.description)")
            }
            throw EmbeddedPostgresError(
                .inUse, "another aggregator uses \(layout.root); stop it, or give this one its own state directory")
        }
        try launcher.own(layout.root)
        try layout.prepareSocketDirectory(launcher)
    }

    private func launch(_ installation: PostgresInstallation) async throws -> ServerProcess {
        try layout.writeConfiguration(settings, launcher)
        return try await ServerProcess.launch(
            launcher.command([installation.postgres, "-D", layout.data]), logger: logger)
    }

    private func waitUntilReady() async throws {
        let deadline = ContinuousClock.now + Self.readyLimit
        var configuration = layout.connection(to: "postgres")
        configuration.connections = 1
        configuration.acquireTimeout = .milliseconds(500)
        let pool = PostgresPool(configuration, logger: logger)
        defer { pool.close() }
        while true {
            if let exit = process?.exitIfEnded {
                throw EmbeddedPostgresError(
                    .cannotStart, "PostgreSQL ended while it started (\(exit)). It said: \(process?.lastWords ?? "")")
            }
            do {
                try await createDatabase(pool)
                // Another server at our socket would answer too, and nobody would watch it.
                if LeftoverServer(layout: layout).recorded() == process?.id { return }
            } catch let error as PostgresError where error.isTransient && ContinuousClock.now < deadline {
                // Not ready yet.
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func createDatabase(_ pool: PostgresPool) async throws {
        let exists = try await !pool.query("select 1 as one from pg_database where datname = \(Self.user)").isEmpty
        guard !exists else { return }
        try await pool.execute("create database \(unsafe: Self.user)")
    }

    // MARK: Supervision

    /// Restarts the server when it dies, until shutdown; then stops it.
    public func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.supervise() }
            // Ends by graceful shutdown or by cancellation: either way the server has to stop.
            try? await gracefulShutdown()
            await stop()
            group.cancelAll()
        }
    }

    private func supervise() async {
        var backoff = Backoff(initial: .milliseconds(200), maximum: .seconds(30))
        while !isStopping {
            guard let process, let installation else { return }
            let started = ContinuousClock.now
            let exit = await process.exit()
            if isStopping { return }
            logger.error(
                "own PostgreSQL died and is started again",
                metadata: ["exit": "\(exit)", "last words": "\(process.lastWords)"])
            if ContinuousClock.now - started > .seconds(60) { backoff.reset() }
            // A cancelled sleep is a shutdown, which the loop's condition tells.
            try? await Task.sleep(for: backoff.next())
            if isStopping { return }
            do {
                try LeftoverServer(layout: layout).end(logger: logger)
                self.process = try await launch(installation)
            } catch {
                logger.error("own PostgreSQL cannot be started", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Stops the server: open transactions are rolled back, everything committed is on the disk.
    public func stop() async {
        isStopping = true
        guard let process else { return }
        await process.stop(logger: logger)
        self.process = nil
        lock = nil
    }

    /// The server's process id, for tests and reports; nil when it does not run.
    var processID: Int32? { process.flatMap { $0.exitIfEnded == nil ? $0.id : nil } }
}
