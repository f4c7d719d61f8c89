// AsyncSupport: the few pieces of structured concurrency that the standard library lacks: an executor for blocking C
// calls, a drift-free ticker, back-off, deadlines, broadcast and a coalescing signal. Knows nothing of files, sockets
// or this product; leaves clocks and randomness to whoever calls.
internal import Dispatch

/// Runs an actor's jobs on a dispatch queue of its own, so that its C calls may block without holding a thread of the
/// shared pool.
///
/// One executor can occupy one thread: bound the number of actors that use one.
public final class BlockingExecutor: SerialExecutor {
    private let queue: DispatchQueue

    /// - Parameter label: shown by debuggers and profilers.
    public init(label: String) {
        queue = DispatchQueue(label: label)
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    public func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
