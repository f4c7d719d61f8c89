internal import AsyncSupport
internal import Glibc
internal import PromQL
internal import SelfMetrics
internal import Synchronization

/// Lets so many queries of people and dashboards run at one time, in the order they came, on threads of their own: so
/// neither their memory nor their computing grows with how many ask. Rules do not pass here, and never wait for people.
final class QueryGate: Sendable {
    private struct State {
        var running = 0
        var waiting: [(id: UInt64, turn: CheckedContinuation<Bool, Never>)] = []
        var nextID: UInt64 = 0
    }

    private let executor: ThreadPoolExecutor
    private let limit: Int
    private let waitingLimit: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - limit: queries that run at one time.
    ///   - waitingLimit: queries that wait for their turn; more are refused at once.
    init(limit: Int, waitingLimit: Int, metrics: MetricRegistry) {
        self.limit = limit
        self.waitingLimit = waitingLimit
        executor = ThreadPoolExecutor(label: "query", threads: max(2, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
        metrics.gauge("etcd_monitor_aggregator_queries_running", help: "Queries of Prometheus's API under way.") {
            [weak self] in Double(self?.state.withLock { $0.running } ?? 0)
        }
        metrics.gauge("etcd_monitor_aggregator_queries_waiting", help: "Queries that wait for their turn.") {
            [weak self] in Double(self?.state.withLock { $0.waiting.count } ?? 0)
        }
    }

    /// What `work` answers, once it is its turn.
    ///
    /// - Throws: `.timeout` if `deadline` passes or too many wait already, `.canceled` if the task is cancelled meanwhile.
    func run<T: Sendable>(
        within deadline: Duration, _ work: @Sendable () async throws(QueryError) -> T
    ) async throws(QueryError) -> T {
        try await enter(within: deadline)
        defer { leave() }
        let outcome = await withTaskExecutorPreference(executor) { () async -> Result<T, QueryError> in
            do throws(QueryError) {
                return .success(try await work())
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    private func enter(within deadline: Duration) async throws(QueryError) {
        let id = state.withLock { state -> UInt64? in
            if state.running < limit, state.waiting.isEmpty {
                state.running += 1
                return nil
            }
            state.nextID += 1
            return state.nextID
        }
        guard let id else { return }
        let timer = Task {
            // Cancelled: the turn has come.
            if (try? await Task.sleep(for: deadline)) != nil { self.giveUp(id) }
        }
        defer { timer.cancel() }
        let hasTurn = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isFull = state.withLock { state in
                    guard state.waiting.count < waitingLimit, !Task.isCancelled else { return true }
                    state.waiting.append((id, continuation))
                    return false
                }
                if isFull { continuation.resume(returning: false) }
            }
        } onCancel: {
            self.giveUp(id)
        }
        guard !hasTurn else { return }
        throw Task.isCancelled
            ? QueryError(.canceled, "query was canceled in query queue")
            : QueryError(.timeout, "query timed out in query queue")
    }

    private func giveUp(_ id: UInt64) {
        let turn = state.withLock { state in
            state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0).turn }
        }
        turn?.resume(returning: false)
    }

    private func leave() {
        let next = state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.running -= 1
                return CheckedContinuation<Bool, Never>?.none
            }
            return state.waiting.removeFirst().turn
        }
        next?.resume(returning: true)
    }
}
