internal import Glibc

/// Dumps of our own server: `pg_dump` and `pg_restore` of the version that made its files. Block.
public struct DatabaseDump: Sendable {
    private let layout: ServerLayout
    private let launcher: Launcher

    /// Dumps of the server of `stateDirectory`, which has to run.
    public init(stateDirectory: String) {
        self.init(stateDirectory: stateDirectory, launcher: Launcher())
    }

    /// With another way to launch: tests that run as root need one.
    init(stateDirectory: String, launcher: Launcher) {
        layout = ServerLayout(stateDirectory: stateDirectory, binaries: nil)
        self.launcher = launcher
    }

    /// Whether there are files of a server.
    public var hasDatabase: Bool { layout.hasData }

    /// Writes the database as it is now, of one instant, to the new file `path`; others go on writing meanwhile.
    public func write(to path: String) throws(EmbeddedPostgresError) {
        // What is large is compressed already.
        try run("pg_dump", ["--format=custom", "--compress=0", "--file=\(path)", EmbeddedPostgres.user], "dump")
    }

    /// Fills the database, which is empty, with what is in `path`: all of it or nothing.
    public func restore(from path: String) throws(EmbeddedPostgresError) {
        try run(
            "pg_restore",
            ["--single-transaction", "--exit-on-error", "--no-owner", "--dbname=\(EmbeddedPostgres.user)", path],
            "restore")
    }

    private func run(_ program: String, _ arguments: [String], _ what: String) throws(EmbeddedPostgresError) {
        let installation = try layout.chooseInstallation(launcher)
        let path = "\(installation.directory)/\(program)"
        guard access(path, X_OK) == 0 else {
            throw EmbeddedPostgresError(.notInstalled, "\(path) is missing; install postgresql-client")
        }
        let result = try Tool.run(
            launcher.tool(
                [path, "--host=\(layout.socketDirectory)", "--username=\(EmbeddedPostgres.user)", "--no-password"]
                    + arguments))
        guard result.status == 0 else {
            throw EmbeddedPostgresError(
                .tool, "\(program) could not \(what) the database (status \(result.status)). It said: \(result.output)")
        }
    }
}
