internal import Glibc
internal import Logging
public import Postgres
internal import Schema
internal import Synchronization

/// A PostgreSQL server for the tests of this process: started when first asked, on a Unix socket in /tmp, without
/// fsync, ended and erased with the process, however that ends.
///
/// As root the server runs as an unprivileged user, which PostgreSQL insists on.
public actor PostgresFixture {
    /// The one of this process.
    public static let shared = PostgresFixture()

    /// Why a test cannot have a database here; nil if it can.
    public static let unavailable: String? = binaries == nil ? "PostgreSQL 15 or newer is not installed" : nil

    private static let binaries: String? = (15...20).reversed().lazy
        .map { "/usr/lib/postgresql/\($0)/bin" }.first { access("\($0)/postgres", X_OK) == 0 }

    private static let logger = Logger(label: "test.postgres") { _ in SwiftLogNoOpLogHandler() }

    private var start: Task<Server, any Error>?
    private var databases = 0

    /// Calls `body` with a pool on a fresh database of the newest schema, which is dropped afterwards.
    public nonisolated func withDatabase<Result: Sendable>(
        _ body: (PostgresPool) async throws -> Result
    ) async throws -> Result {
        try await withDatabase(template: "migrated", body)
    }

    /// Calls `body` with a pool on a fresh database without tables.
    public nonisolated func withEmptyDatabase<Result: Sendable>(
        _ body: (PostgresPool) async throws -> Result
    ) async throws -> Result {
        try await withDatabase(template: "template0", body)
    }

    private nonisolated func withDatabase<Result: Sendable>(
        template: String, _ body: (PostgresPool) async throws -> Result
    ) async throws -> Result {
        let (server, name) = try await makeDatabase(template: template)
        let pool = Self.pool(server.connectionString(name))
        do {
            let result = try await body(pool)
            await drop(name, pool)
            return result
        } catch {
            await drop(name, pool)
            throw error
        }
    }

    private func makeDatabase(template: String) async throws -> (Server, String) {
        let server = try await server()
        databases += 1
        let name = "test\(databases)"
        try await server.administration.execute(
            "create database \(unsafe: name) template \(unsafe: template) strategy file_copy")
        return (server, name)
    }

    private func drop(_ name: String, _ pool: PostgresPool) async {
        pool.close()
        // A database that stays behind goes with the server.
        _ = try? await start?.value.administration.execute("drop database \(unsafe: name) with (force)")
    }

    private func server() async throws -> Server {
        if let start { return try await start.value }
        let start = Task { try await Self.launch() }
        self.start = start
        return try await start.value
    }

    private static func pool(
        _ connectionString: String, connections: Int = 8, acquireTimeout: Duration = .seconds(30)
    ) -> PostgresPool {
        var configuration = PostgresConfiguration(connectionString)
        configuration.connections = connections
        configuration.acquireTimeout = acquireTimeout
        return PostgresPool(configuration, logger: logger)
    }

    // MARK: The server

    private struct Server: Sendable {
        var directory: String
        /// Creates and drops databases, one at a time: a template must not be in use.
        var administration: PostgresPool
        /// Never written; the server ends when its last writer, this process, is gone.
        var lifeline: Int32

        func connectionString(_ database: String) -> String {
            "host=\(directory) user=test dbname=\(database)"
        }
    }

    private static func launch() async throws -> Server {
        guard let binaries else { throw FixtureError(message: unavailable ?? "") }
        var template = Array("/tmp/etcd-monitor-pg.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FixtureError(message: "mkdtemp failed: errno \(errno)") }
        let directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let lifeline = try runUntilWeEnd(script(binaries: binaries, directory: directory))
        let server = Server(
            directory: directory,
            // All tests of the process begin at once and stand in line here for their databases.
            administration: pool(
                "host=\(directory) user=test dbname=postgres", connections: 1, acquireTimeout: .seconds(600)),
            lifeline: lifeline)
        try await server.administration.execute("create database migrated template template0")
        let migrated = pool(server.connectionString("migrated"), connections: 1)
        try await Schema.migrate(migrated, logger: logger)
        migrated.close()
        // CREATE DATABASE needs a template without sessions; a closed one leaves a moment later.
        try await server.administration.execute(
            "select pg_terminate_backend(pid, 5000) as ended from pg_stat_activity where datname = 'migrated'")
        return server
    }

    /// The server ends when its standard input does: when this process ends, by whatever way.
    private static func script(binaries: String, directory: String) -> String {
        let prefix = getuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups " : ""
        return """
            cd \(directory) && \(prefix.isEmpty ? ":" : "chown 65534:65534 .") || exit 1
            exec >log 2>&1
            \(prefix)\(binaries)/initdb --pgdata=data --username=test --auth=trust --encoding=UTF8 --locale=C --no-sync \
            && {
              \(prefix)\(binaries)/postgres -D data -k \(directory) -c listen_addresses= -c fsync=off \
                -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 -c shared_buffers=32MB \
                -c max_wal_size=256MB -c autovacuum=off </dev/null &
              read -r _
              kill -QUIT $! ; wait $!
            }
            rm -rf \(directory)
            """
    }

    private static func runUntilWeEnd(_ script: String) throws -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0, fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0 else {
            throw FixtureError(message: "pipe failed: errno \(errno)")
        }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own: Ctrl-C in the terminal reaches only the tests.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strdup(script), nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let result = posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, environ)
        guard result == 0 else { throw FixtureError(message: "posix_spawn failed: errno \(result)") }
        return ends[1]
    }
}

/// Why a fixture could not be had.
struct FixtureError: Error, CustomStringConvertible {
    var message: String
    var description: String { message }
}
