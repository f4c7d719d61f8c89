internal import DurableFiles
internal import Glibc
internal import Logging

/// A server that an aggregator left behind when it was killed: ended cleanly, so that the next one is our child.
///
/// Of a server that was killed itself, two things may be left. Backends that are busy notice late, and must not write
/// beside those of the next server. And lock files, which after a power cut may be empty or name a number that another
/// process has by now: PostgreSQL starts with neither. It is they that guard it against such backends, so backends go
/// first.
struct LeftoverServer {
    let layout: ServerLayout

    /// How long it may take to shut down, in seconds, before it is told to stop at once, and then killed.
    private static let patience = [(SIGINT, 60), (SIGQUIT, 10), (SIGKILL, 5)]
    /// The same for backends without a server.
    private static let patienceWithBackends = [(SIGQUIT, 10), (SIGKILL, 5)]

    private var dataDirectory: String { layout.data }
    private var pidFile: String { "\(dataDirectory)/postmaster.pid" }

    /// Stops the server of the data directory if one runs, and removes the lock files of one that does not. Blocks. Call
    /// it with the directory locked: then nobody else starts a server there.
    func end(logger: Logger) throws(EmbeddedPostgresError) {
        guard let process = recorded(), isServer(process) else {
            try endBackends(logger: logger)
            for file in [pidFile, layout.socketLockFile] where unlink(file) == 0 {
                logger.warning("removed the lock file of a server that is gone", metadata: ["file": "\(file)"])
            }
            return
        }
        logger.warning("stopping a server that was left behind", metadata: ["pid": "\(process)"])
        for (signal, seconds) in Self.patience {
            kill(process, signal)
            if waits(seconds, until: { !isServer(process) }) { return try endBackends(logger: logger) }
        }
        throw EmbeddedPostgresError(
            .inUse, "a PostgreSQL server (process \(process)) uses \(dataDirectory) and does not stop; stop it by hand")
    }

    private func endBackends(logger: Logger) throws(EmbeddedPostgresError) {
        // A moment for those that notice by themselves.
        if waits(1, until: { processes().isEmpty }) { return }
        for (signal, seconds) in Self.patienceWithBackends {
            let left = processes()
            logger.warning("ending processes of a server that is gone", metadata: ["pids": "\(left)"])
            for process in left { kill(process, signal) }
            if waits(seconds, until: { processes().isEmpty }) { return }
        }
        throw EmbeddedPostgresError(
            .inUse, "PostgreSQL processes \(processes()) use \(dataDirectory) and do not end; end them by hand")
    }

    /// Whether `condition` comes true within `seconds`.
    private func waits(_ seconds: Int, until condition: () -> Bool) -> Bool {
        for _ in 0..<(seconds * 20) {
            if condition() { return true }
            usleep(50_000)
        }
        return condition()
    }

    /// All that work in the data directory, whether a server or left by one.
    func processes() -> [pid_t] {
        // Without /proc nothing can be told of any process, nor ended.
        let names = (try? Directory.entries("/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter(isServer)
    }

    /// The process in the first line of postmaster.pid: the server that owns the data.
    func recorded() -> pid_t? {
        // No file, no server.
        guard let bytes = try? AtomicFile.read(pidFile) else { return nil }
        return pid_t(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)).flatMap {
            $0 > 1 ? $0 : nil
        }
    }

    /// Whether `process` is a server, or a backend of one, that works in the data directory: it changes there when it
    /// starts.
    private func isServer(_ process: pid_t) -> Bool {
        guard let working = Self.target("/proc/\(process)/cwd"), let data = Self.real(dataDirectory),
            let name = try? AtomicFile.read("/proc/\(process)/comm", limit: 64)
        else { return false }
        return working == data && String(decoding: name, as: UTF8.self).hasPrefix("postgres")
    }

    private static func target(_ link: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(link, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }

    private static func real(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }
}
