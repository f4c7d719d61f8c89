internal import DurableFiles
internal import Glibc
internal import Logging

/// A server that an aggregator left behind when it was killed: ended cleanly, so that the next one is our child.
struct LeftoverServer {
    let dataDirectory: String

    /// How long it may take to shut down, in seconds, before it is told to stop at once, and then killed.
    private static let patience = [(SIGINT, 60), (SIGQUIT, 10), (SIGKILL, 5)]

    private var pidFile: String { "\(dataDirectory)/postmaster.pid" }

    /// Stops the server of `dataDirectory` if one runs, and removes the file of one that does not. Blocks.
    func end(logger: Logger) throws(EmbeddedPostgresError) {
        guard let process = recorded() else { return }
        guard isServer(process) else {
            // The number may belong to another process by now, which would keep PostgreSQL from starting.
            logger.warning("removing the lock file of a server that is gone", metadata: ["pid": "\(process)"])
            unlink(pidFile)
            return
        }
        logger.warning("stopping a server that was left behind", metadata: ["pid": "\(process)"])
        for (signal, seconds) in Self.patience {
            kill(process, signal)
            for _ in 0..<(seconds * 20) {
                guard isServer(process) else { return }
                usleep(50_000)
            }
        }
        throw EmbeddedPostgresError(
            .inUse, "a PostgreSQL server (process \(process)) uses \(dataDirectory) and does not stop; stop it by hand")
    }

    /// The process in the first line of postmaster.pid: the server that owns the data.
    func recorded() -> pid_t? {
        // No file, no server.
        guard let bytes = try? AtomicFile.read(pidFile) else { return nil }
        return pid_t(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)).flatMap {
            $0 > 1 ? $0 : nil
        }
    }

    /// Whether `process` is a server that works in `dataDirectory`: it changes there when it starts.
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
