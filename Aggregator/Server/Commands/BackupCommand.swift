import ArgumentParser
import DurableFiles
import EmbeddedPostgres
import Glibc
import Logging

/// What stands in a backup's directory.
private enum BackupFiles {
    /// `pg_dump --format=custom` of the database of our own.
    static let database = "database.dump"
    /// Everything else in the state directory: the authority's key, certificates, locks left out.
    static let state = "state.tar"

    /// Runs `tar`, which tells what is wrong on our standard error.
    static func tar(_ arguments: [String]) throws {
        var process: pid_t = 0
        let words = (["tar"] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var status: Int32 = posix_spawnp(&process, "tar", nil, nil, words, environ)
        guard status == 0 else {
            StandardError.print("tar cannot be run: \(String(cString: strerror(status)))")
            throw ExitCode.failure
        }
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
        guard status == 0 else {
            StandardError.print("tar failed")
            throw ExitCode.failure
        }
    }
}

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies the database and the keys into a new directory.",
        discussion: """
            The aggregator goes on meanwhile. A database that is yours ('database:' in the configuration) is not copied: \
            back it up by its own means. The directory holds keys: keep it as secret as the state directory.
            """)

    @OptionGroup var options: ConfigurationOption

    @Argument(help: "The directory, which must not exist yet.")
    var directory: String

    func run() async throws {
        let configuration = try options.load()
        do {
            guard mkdir(directory, 0o700) == 0 else {
                StandardError.print("\(directory) cannot be made: \(String(cString: strerror(errno)))")
                throw ExitCode.failure
            }
            umask(0o077)
            if configuration.database == nil {
                try DatabaseDump(stateDirectory: configuration.stateDirectory)
                    .write(to: "\(directory)/\(BackupFiles.database)")
                try sync(BackupFiles.database)
            }
            try BackupFiles.tar([
                "--create", "--file=\(directory)/\(BackupFiles.state)", "--directory=\(configuration.stateDirectory)",
                "--exclude=./postgres", "--exclude=./aggregator.lock", ".",
            ])
            try sync(BackupFiles.state)
            try Directory.sync(directory)
        } catch let error where !(error is ExitCode) {
            StandardError.print("\(error)")
            throw ExitCode.failure
        }
        print("backed up into \(directory)")
        if configuration.database != nil {
            print("the database is yours and not in it: \(configuration.stateDirectory) is")
        }
    }

    private func sync(_ name: String) throws(FileError) {
        try OpenFile("\(directory)/\(name)", .update).sync()
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Makes the state directory what a backup holds.",
        discussion: """
            Run it as the aggregator's user while the aggregator is stopped, on a state directory without a database. \
            Then start the aggregator: agents send again what came after the backup and they still hold.
            """)

    @OptionGroup var options: ConfigurationOption

    @Argument(help: "The directory that 'backup' made.")
    var directory: String

    func run() async throws {
        let configuration = try options.load()
        let state = configuration.stateDirectory
        do {
            let lock = try StateLock(stateDirectory: state)
            defer { withExtendedLifetime(lock) {} }
            guard configuration.database != nil || !DatabaseDump(stateDirectory: state).hasDatabase else {
                StandardError.print(
                    "\(state)/postgres holds a database: move it away first (mv \(state)/postgres \(state)/postgres.old)"
                )
                throw ExitCode.failure
            }
            if configuration.database == nil, access("\(directory)/\(BackupFiles.database)", R_OK) != 0 {
                StandardError.print("\(directory) holds no \(BackupFiles.database) that can be read")
                throw ExitCode.failure
            }
            try BackupFiles.tar([
                "--extract", "--file=\(directory)/\(BackupFiles.state)", "--directory=\(state)",
                "--no-overwrite-dir",
            ])
            if configuration.database == nil { try await restoreDatabase(configuration) }
        } catch let error where !(error is ExitCode) {
            StandardError.print("\(error)")
            throw ExitCode.failure
        }
        print("restored from \(directory)")
    }

    private func restoreDatabase(_ configuration: AggregatorConfiguration) async throws {
        let server = EmbeddedPostgres(
            stateDirectory: configuration.stateDirectory,
            logger: Logger(label: "restore") { _ in SwiftLogNoOpLogHandler() })
        do {
            _ = try await server.start()
            try DatabaseDump(stateDirectory: configuration.stateDirectory)
                .restore(from: "\(directory)/\(BackupFiles.database)")
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }
}
