internal import EtcdClient
internal import Model
internal import WALProbe

/// Takes out of a member's metrics and Status what decides whether its disk may be touched.
struct VitalsReader: Sendable {
    private var found: [String: [Int]] = [:]
    private var searchedSeries = 0

    private static let wanted: Set<String> = [
        "etcd_network_active_peers", "etcd_server_heartbeat_send_failures_total", "etcd_server_slow_apply_total",
        "etcd_server_leader_changes_seen_total", "etcd_disk_defrag_inflight", "etcd_disk_backend_defrag_inflight",
        "etcd_server_snapshot_apply_in_progress_total", "etcd_network_snapshot_send_inflights_total",
        "etcd_network_snapshot_receive_inflights_total", "etcd_disk_wal_fsync_duration_seconds_count",
    ]

    /// What Status and the metrics on `board` say; `areMetricsFresh` tells whether those were read just now.
    mutating func vitals(
        _ observation: MemberObservation, _ board: SampleBoard, areMetricsFresh: Bool
    ) -> MemberVitals {
        var vitals = MemberVitals()
        vitals.isReachable = observation.failure == nil && observation.isSettled
        // Where access control keeps Status from us, the metrics tell of the leader.
        vitals.hasLeader = observation.isStatusDenied || observation.status?.leader != nil
        vitals.isLearner = observation.status?.isLearner ?? false
        vitals.term = observation.status?.term
        vitals.voters = observation.members.map { $0.members.filter { !$0.isLearner }.count }
        search(board)
        vitals.activePeers = sum("etcd_network_active_peers", board).map { Int($0) }
        vitals.isDefragmenting =
            isPositive("etcd_disk_defrag_inflight", board) || isPositive("etcd_disk_backend_defrag_inflight", board)
        vitals.isSnapshotting =
            isPositive("etcd_server_snapshot_apply_in_progress_total", board)
            || isPositive("etcd_network_snapshot_send_inflights_total", board)
            || isPositive("etcd_network_snapshot_receive_inflights_total", board)
        if areMetricsFresh {
            vitals.walSyncs = sum("etcd_disk_wal_fsync_duration_seconds_count", board)
            vitals.heartbeatFailures = sum("etcd_server_heartbeat_send_failures_total", board)
            vitals.slowApplies = sum("etcd_server_slow_apply_total", board)
            vitals.leaderChanges = sum("etcd_server_leader_changes_seen_total", board)
        }
        return vitals
    }

    /// Series only come to a board, so it is searched again only when it has grown.
    private mutating func search(_ board: SampleBoard) {
        for number in searchedSeries..<board.series.count {
            let name = board.series[number].labels.metric
            if Self.wanted.contains(name) { found[name, default: []].append(number) }
        }
        searchedSeries = board.series.count
    }

    private func sum(_ name: String, _ board: SampleBoard) -> Double? {
        let values = (found[name] ?? []).map { board.values[$0] }.filter { !$0.isStale }
        return values.isEmpty ? nil : values.reduce(0, +)
    }

    private func isPositive(_ name: String, _ board: SampleBoard) -> Bool { sum(name, board).map { $0 > 0 } ?? false }
}
