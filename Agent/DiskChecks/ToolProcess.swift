internal import Dispatch
internal import Glibc
internal import Synchronization

/// A program of the host that ends by itself: started, heard out, awaited; stopped when the task is cancelled or its time
/// is over.
final class ToolProcess: Sendable {
    /// How it ended, and what it said.
    struct Result: Sendable {
        /// The exit status; 128 and the signal's number if one ended it.
        var status: Int32
        var output: [UInt8] = []
        var errors: [UInt8] = []
        /// Whether it was stopped as its time was over.
        var timedOut = false
    }

    /// Why it did not start: an errno.
    struct StartFailure: Error {
        var errno: Int32
    }

    private struct State {
        var pid: pid_t = 0
        var isOver = false
        var timedOut = false
        var continuation: CheckedContinuation<Result, any Error>?
    }

    private let state = Mutex(State())

    /// What it may print of each kind; the rest is read and dropped.
    private static let outputLimit = 1 << 20
    /// From the polite signal to the other one, and from that to when nobody waits any more: a process that waits for a
    /// dead disk obeys no signal at all.
    private static let patience = DispatchTimeInterval.milliseconds(800)

    /// Runs `arguments`, the first of them a path, for at most `limit`.
    ///
    /// - Parameter onStart: told the process' number.
    /// - Throws: `StartFailure`, or `CancellationError` within two seconds of a cancellation.
    static func run(
        _ arguments: [String], limit: Duration, onStart: (pid_t) -> Void = { _ in }
    ) async throws -> Result {
        let process = ToolProcess()
        let (pid, output, errors) = try start(arguments)
        process.state.withLock { $0.pid = pid }
        onStart(pid)
        DispatchQueue(label: "tool-process").async { process.listen(pid, output, errors) }
        let timer = DispatchSource.makeTimerSource()
        timer.schedule(deadline: .now() + .milliseconds(Int(limit / .milliseconds(1))))
        timer.setEventHandler {
            process.state.withLock { $0.timedOut = true }
            process.stop(giveUp: nil)
        }
        timer.resume()
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                process.state.withLock { $0.continuation = continuation }
                if Task.isCancelled { process.stop(giveUp: CancellationError()) }
                DispatchQueue(label: "tool-process-end").async { process.awaitEnd(pid) }
            }
        } onCancel: {
            process.stop(giveUp: CancellationError())
        }
    }

    private let collected = Mutex((output: [UInt8](), errors: [UInt8]()))
    private let heardOut = DispatchSemaphore(value: 0)

    /// SIGINT, then SIGKILL, to all of its group; then `giveUp` to who waits.
    private func stop(giveUp: (any Error)?) {
        signal(SIGINT)
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.patience) {
            self.signal(SIGKILL)
            DispatchQueue.global().asyncAfter(deadline: .now() + Self.patience) {
                self.finish(.failure(giveUp ?? StartFailure(errno: ETIMEDOUT)))
            }
        }
    }

    private func signal(_ number: Int32) {
        state.withLock { state in
            // Reaped under the lock, so that the number is still its own.
            if !state.isOver, state.pid > 0 { kill(-state.pid, number) }
        }
    }

    private func awaitEnd(_ pid: pid_t) {
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        heardOut.wait()
        var status: Int32 = 0
        let timedOut = state.withLock { state in
            while waitpid(pid, &status, 0) == -1, errno == EINTR {}
            state.isOver = true
            return state.timedOut
        }
        let code = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
        let (output, errors) = collected.withLock { ($0.output, $0.errors) }
        finish(.success(Result(status: code, output: output, errors: errors, timedOut: timedOut)))
    }

    private func finish(_ result: Swift.Result<Result, any Error>) {
        let continuation = state.withLock { state in
            defer { state.continuation = nil }
            return state.continuation
        }
        continuation?.resume(with: result)
    }

    /// Reads both pipes until they end.
    private func listen(_ pid: pid_t, _ output: Int32, _ errors: Int32) {
        var chunk = [UInt8](repeating: 0, count: 8192)
        var ends = [
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
        ]
        while ends.contains(where: { $0.fd >= 0 }) {
            guard poll(&ends, 2, -1) > 0 || errno == EINTR else { break }
            for index in ends.indices where ends[index].fd >= 0 && ends[index].revents != 0 {
                let count = read(ends[index].fd, &chunk, chunk.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    close(ends[index].fd)
                    ends[index].fd = -1
                    continue
                }
                collected.withLock { collected in
                    if index == 0, collected.output.count < Self.outputLimit { collected.output += chunk.prefix(count) }
                    if index == 1, collected.errors.count < Self.outputLimit { collected.errors += chunk.prefix(count) }
                }
            }
        }
        heardOut.signal()
    }
}

extension ToolProcess {
    /// Starts with no signals blocked or ignored, in a process group of its own (Ctrl-C in our terminal is ours), with an
    /// empty standard input.
    private static func start(
        _ arguments: [String]
    ) throws(StartFailure) -> (pid: pid_t, output: Int32, errors: Int32) {
        let output = try makePipe()
        let errors = try makePipe()
        defer {
            close(output.write)
            close(errors.write)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.write, 1)
        posix_spawn_file_actions_adddup2(&actions, errors.write, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        let words = arguments.map { strdup($0) } + [nil]
        // Numbers with a point and English words, whatever the host speaks.
        let settings = ["LC_ALL=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        let variables = settings.map { strdup($0) } + [nil]
        defer { for copy in words + variables { free(copy) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, arguments[0], &actions, &attributes, words, variables)
        guard code == 0 else {
            close(output.read)
            close(errors.read)
            throw StartFailure(errno: code)
        }
        return (pid, output.read, errors.read)
    }

    private static func makePipe() throws(StartFailure) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0, fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0, fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0
        else { throw StartFailure(errno: errno) }
        return (ends[0], ends[1])
    }

    /// Where `program` is on the usual path; nil if nowhere.
    static func find(_ program: String) -> String? {
        ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"].map { "\($0)/\(program)" }
            .first { access($0, X_OK) == 0 }
    }
}
