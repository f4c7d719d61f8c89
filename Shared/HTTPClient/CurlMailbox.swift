internal import CCurl
internal import Glibc
internal import Synchronization

/// What callers and the thread of one multi handle share: work, cancellations, and the way to wake the thread.
///
/// The handle lives as long as the last of them.
final class CurlMailbox: Sendable {
    /// What the thread has to do next.
    struct Work {
        var submissions: [CurlSubmission] = []
        var cancellations: [UInt64] = []
        var stops = false
    }

    private struct State {
        var work = Work()
        var lastID: UInt64 = 0
        var isRunning = false
    }

    private let state = Mutex(State())
    // `nonisolated(unsafe)`: only the thread uses the handle, but for curl_multi_wakeup, which any thread may call.
    nonisolated(unsafe) let multi: UnsafeMutableRawPointer

    init(maximumConnections: Int, idleConnections: Int) {
        _ = CurlLibrary.shared
        guard let multi = curl_multi_init() else { preconditionFailure("libcurl cannot start: out of memory?") }
        ccurl_multi_setopt_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, maximumConnections)
        ccurl_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, max(idleConnections, 1))
        self.multi = multi
    }

    deinit { curl_multi_cleanup(multi) }

    func makeID() -> UInt64 {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    /// Hands a task to the thread, starting it with the first one.
    func submit(_ submission: CurlSubmission) {
        let (accepted, starts) = state.withLock { state in
            guard !state.work.stops else { return (false, false) }
            state.work.submissions.append(submission)
            defer { state.isRunning = true }
            return (true, !state.isRunning)
        }
        guard accepted else { return submission.fail(.cancelled, "the client was shut down") }
        if starts { CurlThread.start(self) }
        wake()
    }

    func cancel(_ id: UInt64) {
        state.withLock { $0.work.cancellations.append(id) }
        wake()
    }

    func stop() {
        state.withLock { $0.work.stops = true }
        wake()
    }

    /// What has come in since the last call. For the thread.
    func takeWork() -> Work {
        state.withLock { state in
            defer { state.work = Work(stops: state.work.stops) }
            return state.work
        }
    }

    private func wake() {
        // Fails only for lack of memory; the thread then notices at its next tick.
        curl_multi_wakeup(multi)
    }
}

/// libcurl's global state: made once, never freed.
enum CurlLibrary {
    static let shared: Void = {
        let code = curl_global_init(Int(CURL_GLOBAL_DEFAULT))
        precondition(code == CURLE_OK, "libcurl cannot be initialised")
    }()
}
