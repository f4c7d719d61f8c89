/// What is read of each member before a verdict. Each is one PromQL query for the whole cluster.
enum Gauge: String, CaseIterable, Sendable {
    // The member, by its own metrics.
    case isUp, walFsyncMean, walFsyncSlowShare, commitMean, commitSlowShare, slowApplies, slowReadIndexes
    case missedHeartbeats, leaderChanges, restarts, proposalsPending, proposalsFailed
    case requests, sentBytes, receivedBytes, quotaShare, defragments
    // What the agent measures from outside.
    case serializableRead, linearizableRead, readFailures, probeMean, probeSlowShare, probePending
    // Its process and its host.
    case etcdCPU, runDelay, throttled, stopped, hostCPU, cpuSteal, cpuPressure, ioPressure, memoryPressure
    case deviceWrite, deviceFlush, retransmissions, clockSteps

    /// How its numbers are written.
    enum Unit: Sendable {
        case seconds, share, perSecond, bytesPerSecond, count, cores
    }

    /// Whose series they are: a member's, its host's, or one process's on the host.
    enum Scope: Sendable {
        case member, host, process
    }

    /// Everything about a gauge but its name.
    struct Definition: Sendable {
        /// `the mean WAL fsync`
        var title: String
        var unit: Unit
        var scope: Scope
        /// PromQL: `$e` stands for the matchers of etcd's series, `$h` of the hosts', `[$w]` for the window.
        var query: String
        /// Of the latest reading, in windows; the usual one is over sixty.
        var windows = 1
        /// Whether what is usual says anything.
        var hasUsual = true
    }
}

extension Gauge.Definition {
    /// When a reading is taken.
    enum Time: Sendable {
        case now
        /// Over the sixty windows that ended three ago.
        case usual
    }

    /// The query for `cluster`, a window being `window` seconds.
    func query(_ time: Time, cluster: String, window: Int) -> String {
        // As PromQL quotes a string.
        let name = cluster.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return query.replacing("$e", with: "job=\"etcd\",cluster=\"\(name)\"")
            .replacing("$h", with: "job=\"node\",cluster=\"\(name)\"")
            .replacing("$a", with: "job=\"etcd-monitor-agent\",cluster=\"\(name)\"")
            .replacing(
                "[$w]", with: time == .now ? "[\(windows * window)s]" : "[\(60 * window)s] offset \(3 * window)s")
    }
}
