import Model
import Postgres
import Rules
import Synchronization

/// Keeps what rules announce, and can fail as a database would.
final class RecordingSink: AlertSink {
    private struct State {
        var announced: [Alert] = []
        var commits = 0
        var failures = 0
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    struct Failure: Error {}

    private let state = Mutex(State())

    var announced: [Alert] { state.withLock { $0.announced } }
    var commits: Int { state.withLock { $0.commits } }

    /// The next `count` transactions fail.
    func fail(_ count: Int) { state.withLock { $0.failures = count } }

    /// Returns once at least `count` alerts were announced.
    func waitForAnnouncements(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.announced.count >= count { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    func enqueue(_ alerts: [Alert], at now: Timestamp, in connection: PostgresConnection) async throws {
        let ready = try state.withLock { state in
            if state.failures > 0 {
                state.failures -= 1
                throw Failure()
            }
            state.announced += alerts
            defer { state.waiters.removeAll { $0.count <= state.announced.count } }
            return state.waiters.filter { $0.count <= state.announced.count }.map(\.continuation)
        }
        for continuation in ready { continuation.resume() }
    }

    func committed() { state.withLock { $0.commits += 1 } }
}

extension Alert {
    /// `EtcdMemberDown m1 firing`
    var short: String {
        let who = labels["member"] ?? labels["instance"] ?? labels["cluster"] ?? ""
        return "\(labels["alertname"] ?? "") \(who) \(state.rawValue)"
    }
}
