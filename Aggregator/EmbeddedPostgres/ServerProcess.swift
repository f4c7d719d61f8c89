internal import Dispatch
internal import Glibc
internal import Logging
internal import Synchronization

/// A running server. One thread launches it and waits for its end: the kernel's parent-death signal is bound to the
/// launching thread, which therefore must live as long as the server.
final class ServerProcess: Sendable {
    /// How a process ended.
    enum Exit: Sendable, CustomStringConvertible {
        case status(Int32)
        case signal(Int32)

        var description: String {
            switch self {
            case .status(let status): "status \(status)"
            case .signal(let signal): "signal \(signal)"
            }
        }
    }

    private struct State {
        var exit: Exit?
        var waiters: [CheckedContinuation<Exit, Never>] = []
        var words: [String] = []
    }

    /// How long a fast shutdown may take before the server is told to stop at once.
    private static let stopLimit = Duration.seconds(60)
    /// Lines of output kept for error messages.
    private static let wordsLimit = 20

    let id: pid_t
    private let state = Mutex(State())

    private init(id: pid_t) {
        self.id = id
    }

    /// Starts `command`, whose output goes to `logger`.
    static func launch(_ command: [String], logger: Logger) async throws -> ServerProcess {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "etcd-monitor.postgres-process").async {
                do throws(EmbeddedPostgresError) {
                    let (id, output) = try Spawn.start(command)
                    let process = ServerProcess(id: id)
                    DispatchQueue(label: "etcd-monitor.postgres-output").async { process.listen(to: output, logger) }
                    continuation.resume(returning: process)
                    process.awaitExit()
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }

    private func awaitExit() {
        var info = siginfo_t()
        while waitid(P_PID, id_t(id), &info, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        let (exit, waiters) = state.withLock { state in
            // Reaped under the lock, so that no signal is sent to a number that was given to another process.
            var status: Int32 = 0
            while waitpid(id, &status, 0) == -1, errno == EINTR {}
            let exit: Exit = status & 0x7f == 0 ? .status(status >> 8 & 0xff) : .signal(status & 0x7f)
            state.exit = exit
            defer { state.waiters = [] }
            return (exit, state.waiters)
        }
        for waiter in waiters { waiter.resume(returning: exit) }
    }

    /// How it ended; nil while it runs.
    var exitIfEnded: Exit? { state.withLock { $0.exit } }

    /// Waits for its end.
    func exit() async -> Exit {
        await withCheckedContinuation { continuation in
            let exit = state.withLock { state in
                if state.exit == nil { state.waiters.append(continuation) }
                return state.exit
            }
            if let exit { continuation.resume(returning: exit) }
        }
    }

    /// Sends a signal, if it still runs.
    func signal(_ number: Int32) {
        state.withLock { if $0.exit == nil { kill(id, number) } }
    }

    /// Fast shutdown; immediate shutdown if that takes too long.
    func stop(logger: Logger) async {
        signal(SIGINT)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // Cancelled when the server has ended.
                guard (try? await Task.sleep(for: Self.stopLimit)) != nil else { return }
                logger.warning("own PostgreSQL does not stop; it will recover at its next start")
                self.signal(SIGQUIT)
            }
            _ = await exit()
            group.cancelAll()
        }
    }

    // MARK: Output

    /// What it said last.
    var lastWords: String { state.withLock { $0.words.joined(separator: "\n") } }

    private func listen(to output: Int32, _ logger: Logger) {
        defer { close(output) }
        var pending: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(output, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            pending += chunk.prefix(count)
            while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                note(String(decoding: pending[..<end], as: UTF8.self), logger)
                pending.removeSubrange(...end)
            }
            // A line without an end must not grow for ever.
            if pending.count > 65_536 { pending = [] }
        }
    }

    private func note(_ line: String, _ logger: Logger) {
        state.withLock { state in
            state.words.append(line)
            if state.words.count > Self.wordsLimit { state.words.removeFirst() }
        }
        logger.log(level: Self.level(of: line), "postgres says", metadata: ["line": "\(line)"])
    }

    private static func level(of line: String) -> Logger.Level {
        for (prefix, level) in [("PANIC", Logger.Level.error), ("FATAL", .warning), ("WARNING", .warning)]
        where line.hasPrefix(prefix) {
            return level
        }
        return .debug
    }
}
