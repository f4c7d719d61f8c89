import Glibc
import Logging
import Postgres
import TestSupport
import Testing

@testable import EmbeddedPostgres

@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"), .serialized)
struct EmbeddedPostgresTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private let state: TemporaryDirectory

    /// Root launches PostgreSQL as somebody else here; the aggregator itself never does.
    private let launcher = geteuid() == 0 ? Launcher(owner: (65534, 65534)) : Launcher()

    init() throws {
        state = try TemporaryDirectory()
        try launcher.own(state.path)
    }

    private func database(_ directory: String? = nil) -> EmbeddedPostgres {
        EmbeddedPostgres(
            stateDirectory: directory ?? state.path, binaries: nil, connections: 4, launcher: launcher, logger: logger)
    }

    private func withPool<Result>(
        _ configuration: PostgresConfiguration, _ body: (PostgresPool) async throws -> Result
    ) async throws -> Result {
        let pool = PostgresPool(configuration, logger: logger)
        defer { pool.close() }
        return try await body(pool)
    }

    private func expect(_ name: String, _ wanted: String, _ pool: PostgresPool) async throws {
        let value: String? = try await pool.query("select current_setting(\(name)) as value").first?["value"]
        #expect(value == wanted, "\(name)")
    }

    @Test func makesAServerThatLosesNothingAndListensToNobody() async throws {
        let first = database()
        try await withPool(try await first.start()) { pool in
            try await expect("listen_addresses", "", pool)
            try await expect("unix_socket_permissions", "0700", pool)
            try await expect("fsync", "on", pool)
            try await expect("data_checksums", "on", pool)
            try await expect("server_encoding", "UTF8", pool)
            try await expect("lc_collate", "C", pool)
            try await pool.execute("create table t as select 7 as n")
        }
        await first.stop()
        let second = database()
        try await withPool(try await second.start()) { pool in
            let kept: Int? = try await pool.query("select n from t").first?["n"]
            #expect(kept == 7)
        }
        await second.stop()
    }

    @Test func aKilledServerIsStartedAgain() async throws {
        let database = database()
        let configuration = try await database.start()
        let supervision = Task { try await database.run() }
        try await withPool(configuration) { pool in
            try await pool.execute("create table t as select 7 as n")
            let running = await database.processID
            let killed = try #require(running)
            kill(killed, SIGKILL)
            var restarted: Int32?
            while restarted == nil || restarted == killed {
                try await Task.sleep(for: .milliseconds(20))
                restarted = await database.processID
            }
            // A backend of the dead server may answer a little longer, and the new one may have to recover first.
            var answer: Int?
            while answer == nil {
                do {
                    answer = try await pool.query("select n from t").first?["n"]
                } catch let error as PostgresError where error.isTransient {
                    continue
                }
            }
            #expect(answer == 7)
        }
        supervision.cancel()
        try await supervision.value
        let stopped = await database.processID
        #expect(stopped == nil)
    }

    /// A backend that computes does not look whether its server lives.
    @Test func aBackendThatOutlivesItsServerIsEndedBeforeTheNextOneStarts() async throws {
        let first = database()
        let configuration = try await first.start()
        let server = try #require(await first.processID)
        let backend = try await withPool(configuration) { pool in
            let busy = Task { try await pool.query("select count(*) from generate_series(1, 1000000000000) as n") }
            var found: Int32?
            while found == nil {
                found = try await pool.query(
                    "select pid from pg_stat_activity where state = 'active' and pid <> pg_backend_pid()"
                ).first?["pid"]
            }
            kill(server, SIGKILL)
            busy.cancel()
            return try #require(found)
        }
        let left = LeftoverServer(layout: ServerLayout(stateDirectory: state.path, binaries: nil))
        #expect(left.processes().contains(backend))

        await first.stop()
        let second = database()
        _ = try await second.start()
        #expect(!left.processes().contains(backend))
        await second.stop()
    }

    @Test func aServerLeftBehindIsStopped() async throws {
        let first = database()
        let configuration = try await first.start()
        await first.stop()
        let layout = ServerLayout(stateDirectory: state.path, binaries: nil)
        let installation = try layout.chooseInstallation(launcher)
        let left = try await ServerProcess.launch(
            launcher.tool([installation.postgres, "-D", layout.data]), logger: logger)
        try await withPool(configuration) { pool in
            // Nobody waited for this one to accept connections.
            var answered = false
            while !answered {
                do {
                    _ = try await pool.query("select 1 as n")
                    answered = true
                } catch let error as PostgresError where error.isTransient {
                    continue
                }
            }
        }

        let second = database()
        _ = try await second.start()
        _ = await left.exit()
        try await withPool(configuration) { _ = try await $0.query("select 1 as n") }
        await second.stop()
    }

    @Test func aLockFileThatNamesAnotherProcessIsNoObstacle() async throws {
        let first = database()
        _ = try await first.start()
        await first.stop()
        try state.write("\(getpid())\n\(state.path)/postgres/data\n", to: "postgres/data/postmaster.pid")
        try launcher.own(state.file("postgres/data/postmaster.pid"))
        let second = database()
        try await withPool(try await second.start()) { _ = try await $0.query("select 1 as n") }
        await second.stop()
    }

    /// What a power cut leaves: a name whose content was never written, or a number that belongs to another by now.
    @Test(arguments: [true, false], ["data/postmaster.pid", "socket/.s.PGSQL.5432.lock"])
    func theLockFileOfAServerThatDiedWithThePowerIsNoObstacle(isEmpty: Bool, file: String) async throws {
        let first = database()
        _ = try await first.start()
        await first.stop()
        try state.write(isEmpty ? "" : "\(getpid())\n", to: "postgres/\(file)")
        try launcher.own(state.file("postgres/\(file)"))
        let second = database()
        try await withPool(try await second.start()) { _ = try await $0.query("select 1 as n") }
        await second.stop()
    }

    @Test func theServerEndsWithTheProcessThatLaunchedIt() async throws {
        let first = database()
        _ = try await first.start()
        await first.stop()
        let layout = ServerLayout(stateDirectory: state.path, binaries: nil)
        let installation = try layout.chooseInstallation(launcher)
        let command = launcher.command([installation.postgres, "-D", layout.data]).joined(separator: " ")
        let parent = try await ServerProcess.launch(["/bin/sh", "-c", "\(command) & wait"], logger: logger)
        try await withPool(layout.connection(to: "postgres")) { _ = try await $0.query("select 1 as n") }
        let file = "postgres/data/postmaster.pid"
        let server = try #require(pid_t(String(decoding: state.read(file).prefix { $0 != 10 }, as: UTF8.self)))
        parent.signal(SIGKILL)
        _ = await parent.exit()
        // It is nobody's child here, so that its end can only be seen by looking.
        while kill(server, 0) == 0 { try await Task.sleep(for: .milliseconds(20)) }
        #expect(access(state.file(file), F_OK) != 0)
    }

    @Test func onlyOneAggregatorUsesADirectory() async throws {
        let first = database()
        _ = try await first.start()
        let error = await #expect(throws: EmbeddedPostgresError.self) { _ = try await database().start() }
        #expect(error?.code == .inUse)
        await first.stop()
    }

    @Test func filesOfAnotherVersionAreLeftAloneAndTheWayOutIsTold() async throws {
        try FileSystem.makeDirectory(state.file("postgres"))
        try FileSystem.makeDirectory(state.file("postgres/data"))
        try state.write("9.6\n", to: "postgres/data/PG_VERSION")
        let error = await #expect(throws: EmbeddedPostgresError.self) { _ = try await database().start() }
        #expect(error?.code == .otherVersion)
        #expect(error?.message.contains("pg_upgrade") == true)
        #expect(error?.message.contains("pg_dump") == true)
    }

    @Test func aDeepDirectoryGetsAShortSocket() async throws {
        let deep = state.file(String(repeating: "d", count: 100))
        try FileSystem.makeDirectory(deep)
        try launcher.own(deep)
        let database = database(deep)
        let configuration = try await database.start()
        #expect(configuration.connectionString.contains("host='/tmp/etcd-monitor-"))
        try await withPool(configuration) { _ = try await $0.query("select 1 as n") }
        await database.stop()
    }

    @Test func aSocketDirectoryThatOthersCanEnterIsRefused() async throws {
        try FileSystem.makeDirectory(state.file("postgres"))
        try FileSystem.makeDirectory(state.file("postgres/socket"))
        chmod(state.file("postgres/socket"), 0o755)
        let error = await #expect(throws: EmbeddedPostgresError.self) { _ = try await database().start() }
        #expect(error?.code == .directory)
    }

    @Test(.enabled(if: geteuid() == 0, "only root is refused")) func rootIsToldWhatToDo() async throws {
        let error = #expect(throws: EmbeddedPostgresError.self) { try Launcher().refuseRoot() }
        #expect(error?.code == .root)
        #expect(error?.message.contains("database: postgresql://") == true)
    }

    @Test func aDirectoryWithoutProgramsIsToldApart() async throws {
        let database = EmbeddedPostgres(
            stateDirectory: state.path, binaries: state.path, connections: 4, launcher: launcher, logger: logger)
        let error = await #expect(throws: EmbeddedPostgresError.self) { _ = try await database.start() }
        #expect(error?.code == .notInstalled)
    }
}

private enum FileSystem {
    static func makeDirectory(_ path: String) throws {
        guard mkdir(path, 0o700) == 0 else { throw SystemCallFailure("mkdir \(path)") }
    }
}
