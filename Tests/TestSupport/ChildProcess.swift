internal import Glibc
internal import Synchronization

/// A real program under a test: started with its output in a file, awaited, killed, never left behind.
///
/// The program gets SIGKILL when its test process dies: it is started by `setpriv --pdeathsig` from a thread that lives
/// as long as it does (the signal comes with the death of the *thread* that started it).
public final class ChildProcess: Sendable {
    /// Why a program did not start.
    public struct StartFailure: Error, CustomStringConvertible {
        /// What was tried and what happened.
        public let description: String
    }

    /// How a program ended.
    public enum Exit: Hashable, Sendable {
        /// With this status.
        case status(Int32)
        /// By this signal.
        case signal(Int32)
    }

    private struct State {
        var pid: pid_t = 0
        var startError: Int32?
        var exit: Exit?
        var started: [CheckedContinuation<Void, Never>] = []
        var waiting: [CheckedContinuation<Exit, Never>] = []
    }

    private let state = Mutex(State())
    private let arguments: [String]
    private let environment: [String]
    private let outputPath: String

    /// Starts `program` with `arguments`; standard output and error are appended to the file `output`.
    ///
    /// - Parameter environment: added to the test's own.
    public static func start(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], output: String
    ) async throws -> ChildProcess {
        let child = ChildProcess(program, arguments, environment, output)
        child.run()
        await withCheckedContinuation { continuation in
            let isKnown = child.state.withLock { state in
                if state.pid != 0 || state.startError != nil { return true }
                state.started.append(continuation)
                return false
            }
            if isKnown { continuation.resume() }
        }
        if let error = child.state.withLock({ $0.startError }) {
            throw StartFailure(description: "\(program): \(String(cString: strerror(error)))")
        }
        return child
    }

    private init(_ program: String, _ arguments: [String], _ environment: [String: String], _ output: String) {
        self.arguments = ["/usr/bin/setpriv", "--pdeathsig", "KILL", program] + arguments
        var merged: [String] = []
        var entry = environ
        while let pointer = entry.pointee {
            let line = String(cString: pointer)
            if environment[String(line.prefix { $0 != "=" })] == nil { merged.append(line) }
            entry += 1
        }
        self.environment = merged + environment.map { "\($0.key)=\($0.value)" }
        outputPath = output
    }

    /// The process' number; of a program that has ended, the one it had.
    public var pid: Int32 { state.withLock { $0.pid } }

    /// How it ended, or nil while it runs.
    public var exit: Exit? { state.withLock { $0.exit } }

    /// Sends `signal`, unless it has ended.
    public func send(_ signal: Int32) {
        state.withLock { state in
            if state.exit == nil, state.pid > 0 { Glibc.kill(state.pid, signal) }
        }
    }

    /// Waits for the end.
    @discardableResult public func waitForExit() async -> Exit {
        await withCheckedContinuation { continuation in
            let exit = state.withLock { state in
                if state.exit == nil { state.waiting.append(continuation) }
                return state.exit
            }
            if let exit { continuation.resume(returning: exit) }
        }
    }

    /// SIGKILL, and waits for the end.
    public func kill() async {
        send(SIGKILL)
        await waitForExit()
    }

    /// All that the program has written so far.
    public var output: String {
        guard let file = fopen(outputPath, "r") else { return "" }
        defer { fclose(file) }
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { result += chunk[..<count] }
        return String(decoding: result, as: UTF8.self)
    }

    private func run() {
        startThread { self.spawnAndWait() }
    }

    private func spawnAndWait() {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let words = arguments.map { strdup($0) } + [nil]
        let variables = environment.map { strdup($0) } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var pid = pid_t()
        let code = posix_spawn(&pid, arguments[0], &actions, &attributes, words, variables)
        announce { state in
            if code == 0 { state.pid = pid } else { state.startError = code }
        }
        guard code == 0 else { return }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        let exit: Exit = signal == 0 ? .status((status >> 8) & 0xff) : .signal(signal)
        let waiting = state.withLock { state in
            state.exit = exit
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: exit) }
    }

    private func announce(_ change: (inout State) -> Void) {
        let started = state.withLock { state in
            change(&state)
            defer { state.started = [] }
            return state.started
        }
        for continuation in started { continuation.resume() }
    }
}
