internal import Dispatch
internal import Synchronization

/// Runs tasks on a few threads of its own, for work that computes long: what shares the program's pool, such as taking
/// requests, then waits for the processor like any other thread, and not for the work to end.
///
///     await withTaskExecutorPreference(executor) { await evaluate(query) }
public final class ThreadPoolExecutor: TaskExecutor {
    fileprivate struct State {
        /// Those that wait begin at `first`.
        var jobs: [UnownedJob] = []
        var first = 0
        var idle: [Int]
    }

    /// Serial queues, each of which has a thread while it has work.
    private let threads: [DispatchQueue]
    private let state: Mutex<State>

    /// - Parameters:
    ///   - label: shown by debuggers and profilers.
    ///   - threads: how many jobs run at one time; at least 1.
    public init(label: String, threads: Int) {
        precondition(threads > 0)
        self.threads = (0..<threads).map { DispatchQueue(label: "\(label) \($0)") }
        state = Mutex(State(idle: Array(0..<threads)))
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let idle = state.withLock { state in
            state.jobs.append(job)
            return state.idle.popLast()
        }
        if let idle { threads[idle].async { self.work(on: idle) } }
    }

    private func work(on thread: Int) {
        while let job = state.withLock({ $0.next(for: thread) }) {
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}

extension ThreadPoolExecutor.State {
    /// The job that waits longest; without one, the thread becomes idle.
    fileprivate mutating func next(for thread: Int) -> UnownedJob? {
        guard first < jobs.count else {
            (jobs, first) = ([], 0)
            idle.append(thread)
            return nil
        }
        first += 1
        defer {
            if first > 1024, 2 * first > jobs.count {
                jobs.removeFirst(first)
                first = 0
            }
        }
        return jobs[first - 1]
    }
}
