internal import DurableFiles
internal import Glibc
internal import Postgres

/// Where the server's files are, and how they are made.
struct ServerLayout: Sendable {
    /// `stateDirectory/postgres`, mode 0700.
    let root: String
    /// The user's choice of programs.
    let binaries: String?

    init(stateDirectory: String, binaries: String?) {
        root = (stateDirectory.hasSuffix("/") ? String(stateDirectory.dropLast()) : stateDirectory) + "/postgres"
        self.binaries = binaries
    }

    var data: String { "\(root)/data" }
    var lockFile: String { "\(root)/lock" }
    var hasData: Bool { access("\(data)/PG_VERSION", F_OK) == 0 }

    // MARK: Socket

    /// The path of a Unix socket holds 107 bytes.
    static let socketPathLimit = 107
    private static let socketName = "/.s.PGSQL.5432"

    /// Where the socket is: under `root`, or in /tmp if that path is too long for a socket.
    var socketDirectory: String {
        let near = "\(root)/socket"
        guard near.utf8.count + Self.socketName.utf8.count > Self.socketPathLimit else { return near }
        // The same for the same directory, so that a leftover server and its successor meet.
        let hash = root.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return "/tmp/etcd-monitor-\(String(hash, radix: 16))"
    }

    /// Beside the socket: which server listens there.
    var socketLockFile: String { "\(socketDirectory)\(Self.socketName).lock" }

    /// Makes the socket's directory, or checks that it is ours alone: who can enter it can read everything.
    func prepareSocketDirectory(_ launcher: Launcher) throws(EmbeddedPostgresError) {
        let path = socketDirectory
        if mkdir(path, 0o700) == 0 { try launcher.own(path) }
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == launcher.userID,
            status.st_mode & 0o077 == 0
        else {
            throw EmbeddedPostgresError(
                .directory, "\(path) must be a directory of this user with mode 0700; remove it or correct it")
        }
    }

    func connection(to database: String) -> PostgresConfiguration {
        let directory = socketDirectory.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
        return PostgresConfiguration("host='\(directory)' user=\(EmbeddedPostgres.user) dbname=\(database)")
    }

    // MARK: Programs

    /// The programs to use: those of the version that made the data, else the newest.
    func chooseInstallation(_ launcher: Launcher) throws(EmbeddedPostgresError) -> PostgresInstallation {
        let found = PostgresInstallation.all(preferring: binaries)
        guard let newest = found.first else {
            throw EmbeddedPostgresError(
                .notInstalled,
                """
                no PostgreSQL \(PostgresInstallation.oldest) or newer was found\(binaries.map { " in \($0)" } ?? ""). \
                Install one (`apt install postgresql`), or name a database in the configuration: \
                `database: postgresql://…`
                """)
        }
        guard hasData else { return newest }
        let major = try dataVersion()
        if let fitting = found.first(where: { $0.major == major }) { return fitting }
        throw EmbeddedPostgresError(
            .otherVersion,
            """
            the database in \(data) was made by PostgreSQL \(major), and only PostgreSQL \(newest.version) is \
            installed. Either install postgresql-\(major) again, or upgrade the files: install both versions, stop \
            the aggregator, run `\(newest.directory)/initdb -D \(data)-new -U \(EmbeddedPostgres.user) -A trust -E UTF8 \
            --locale=C --data-checksums` and `\(newest.directory)/pg_upgrade -b /usr/lib/postgresql/\(major)/bin \
            -B \(newest.directory) -d \(data) -D \(data)-new -U \(EmbeddedPostgres.user)`, then swap the two \
            directories. Or restore a dump (pg_dump with the old version, psql with the new one).
            """)
    }

    private func dataVersion() throws(EmbeddedPostgresError) -> Int {
        let path = "\(data)/PG_VERSION"
        do throws(FileError) {
            let text = String(decoding: try AtomicFile.read(path), as: UTF8.self)
            if let major = Int(text.prefix { $0.isNumber }) { return major }
        } catch {
            throw EmbeddedPostgresError(.directory, error.debugDescription)
        }
        throw EmbeddedPostgresError(.directory, "\(path) holds no version")
    }

    // MARK: Files

    /// Makes the data directory: beside its place first, so that a half-made one is never used.
    func initialise(with installation: PostgresInstallation, _ launcher: Launcher) throws(EmbeddedPostgresError) {
        let half = "\(data).new"
        _ = try Tool.run(["/bin/rm", "-rf", half])
        let result = try Tool.run(
            launcher.tool([
                installation.initdb, "--pgdata=\(half)", "--username=\(EmbeddedPostgres.user)", "--auth=trust",
                "--encoding=UTF8", "--locale=C", "--data-checksums",
            ]))
        guard result.status == 0 else {
            throw EmbeddedPostgresError(
                .cannotInitialise, "initdb failed (status \(result.status)). It said: \(result.output)")
        }
        guard rename(half, data) == 0 else {
            throw EmbeddedPostgresError(.directory, "rename \(half): \(String(cString: strerror(errno)))")
        }
        // initdb synced what is in it; what it is called is known one directory up.
        do throws(FileError) {
            try Directory.sync(root)
        } catch {
            throw EmbeddedPostgresError(.directory, error.debugDescription)
        }
    }

    /// Writes the server's configuration anew; an operator's own settings belong in `operator.conf`.
    func writeConfiguration(_ settings: ServerSettings, _ launcher: Launcher) throws(EmbeddedPostgresError) {
        let files = [
            "postgresql.conf": settings.text(socketDirectory: socketDirectory),
            "pg_hba.conf": "# Whoever can enter the socket's directory (mode 0700) is us.\nlocal all all trust\n",
        ]
        for (name, text) in files {
            do throws(FileError) {
                try AtomicFile.write(Array(text.utf8), to: "\(data)/\(name)")
            } catch {
                throw EmbeddedPostgresError(.directory, error.debugDescription)
            }
            try launcher.own("\(data)/\(name)")
        }
    }
}
