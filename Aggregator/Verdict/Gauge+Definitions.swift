extension Gauge {
    /// By peer, label `To`: the network between two members. etcd notes one each half minute.
    static let roundTrip = Definition(
        title: "the round trip", unit: .seconds, scope: .member,
        query: mean("etcd_network_peer_round_trip_time_seconds", by: "instance, To"), windows: 2)
    /// By peer: messages that could not be sent.
    static let sendFailures = Definition(
        title: "messages that could not be sent", unit: .perSecond, scope: .member,
        query: "sum by (instance, To) (rate(etcd_network_peer_sent_failures_total{$e}[$w]))", hasUsual: false)

    /// By flag and value, labels `flag` and `value`: how etcd is set.
    static let flags = Definition(
        title: "its settings", unit: .count, scope: .process, query: "etcd_monitor_member_flag{$h}", hasUsual: false)

    private static func mean(_ histogram: String, by labels: String = "instance") -> String {
        "sum by (\(labels)) (rate(\(histogram)_sum{$e}[$w])) / sum by (\(labels)) (rate(\(histogram)_count{$e}[$w]))"
    }

    private static func share(_ histogram: String, over bound: String) -> String {
        "1 - sum by (instance) (rate(\(histogram)_bucket{$e,le=\"\(bound)\"}[$w]))"
            + " / sum by (instance) (rate(\(histogram)_count{$e}[$w]))"
    }

    private static func increase(_ counter: String) -> String { "sum by (instance) (increase(\(counter){$e}[$w]))" }

    private static func rate(_ counter: String) -> String { "sum by (instance) (rate(\(counter){$e}[$w]))" }

    private static func process(_ counter: String) -> String {
        "sum by (instance, member) (rate(\(counter){$h}[$w]))"
    }

    private static func host(_ expression: String) -> String { "avg by (instance) (\(expression))" }

    private static func device(_ seconds: String, _ count: String) -> String {
        "max by (instance) (rate(\(seconds){$h}[$w]) / rate(\(count){$h}[$w])"
            + " and on (instance, device) etcd_monitor_disk_role{$h,role=\"wal\"})"
    }

    private static let probe = "etcd_monitor_wal_probe_fsync_duration_seconds"

    /// What it is and how it is asked for.
    var definition: Definition {
        switch self {
        case .isUp:
            Definition(title: "up", unit: .count, scope: .member, query: "up{$e}", hasUsual: false)
        case .walFsyncMean:
            Definition(
                title: "the mean WAL fsync", unit: .seconds, scope: .member,
                query: Self.mean("etcd_disk_wal_fsync_duration_seconds"))
        case .walFsyncSlowShare:
            Definition(
                title: "the share of WAL fsyncs over 16 ms", unit: .share, scope: .member,
                query: Self.share("etcd_disk_wal_fsync_duration_seconds", over: "0.016"))
        case .commitMean:
            Definition(
                title: "the mean backend commit", unit: .seconds, scope: .member,
                query: Self.mean("etcd_disk_backend_commit_duration_seconds"))
        case .commitSlowShare:
            Definition(
                title: "the share of backend commits over 32 ms", unit: .share, scope: .member,
                query: Self.share("etcd_disk_backend_commit_duration_seconds", over: "0.032"))
        case .slowApplies:
            Definition(
                title: "slow applies", unit: .count, scope: .member,
                query: Self.increase("etcd_server_slow_apply_total"), windows: 2, hasUsual: false)
        case .slowReadIndexes:
            Definition(
                title: "slow read indexes", unit: .count, scope: .member,
                query: Self.increase("etcd_server_slow_read_indexes_total"), windows: 2, hasUsual: false)
        case .missedHeartbeats:
            Definition(
                title: "heartbeats sent too late", unit: .count, scope: .member,
                query: Self.increase("etcd_server_heartbeat_send_failures_total"), windows: 2, hasUsual: false)
        case .leaderChanges:
            Definition(
                title: "changes of the leader", unit: .count, scope: .member,
                query: "sum by (instance) (changes(etcd_server_leader_changes_seen_total{$e}[$w]))", windows: 5,
                hasUsual: false)
        case .restarts:
            Definition(
                title: "restarts", unit: .count, scope: .member,
                query: "sum by (instance) (changes(process_start_time_seconds{$e}[$w]))", windows: 5,
                hasUsual: false)
        case .proposalsPending:
            Definition(
                title: "proposals pending", unit: .count, scope: .member,
                query: "sum by (instance) (avg_over_time(etcd_server_proposals_pending{$e}[$w]))")
        case .proposalsFailed:
            Definition(
                title: "proposals failed", unit: .count, scope: .member,
                query: Self.increase("etcd_server_proposals_failed_total"), hasUsual: false)
        case .requests:
            Definition(
                title: "requests", unit: .perSecond, scope: .member,
                query: "sum by (instance) (rate(grpc_server_started_total{$e,grpc_type=\"unary\"}[$w]))")
        case .sentBytes:
            Definition(
                title: "bytes sent to clients", unit: .bytesPerSecond, scope: .member,
                query: Self.rate("etcd_network_client_grpc_sent_bytes_total"))
        case .receivedBytes:
            Definition(
                title: "bytes received from clients", unit: .bytesPerSecond, scope: .member,
                query: Self.rate("etcd_network_client_grpc_received_bytes_total"))
        case .quotaShare:
            Definition(
                title: "the database's share of its quota", unit: .share, scope: .member,
                query: "sum by (instance) (etcd_mvcc_db_total_size_in_bytes{$e})"
                    + " / sum by (instance) (etcd_server_quota_backend_bytes{$e})", hasUsual: false)
        case .defragments:
            Definition(
                title: "defragmenting", unit: .count, scope: .member,
                query: "sum by (instance) (max_over_time(etcd_disk_defrag_inflight{$e}[$w]))", hasUsual: false)
        case .serializableRead:
            Definition(
                title: "a serializable read", unit: .seconds, scope: .member,
                query: "avg by (instance) (avg_over_time(etcd_monitor_read_seconds{$e,type=\"serializable\"}[$w]))")
        case .linearizableRead:
            Definition(
                title: "a linearizable read", unit: .seconds, scope: .member,
                query: "avg by (instance) (avg_over_time(etcd_monitor_read_seconds{$e,type=\"linearizable\"}[$w]))")
        case .readFailures:
            Definition(
                title: "reads that failed", unit: .count, scope: .member,
                query: Self.increase("etcd_monitor_read_failures_total"), hasUsual: false)
        case .probeMean:
            Definition(
                title: "the WAL probe's mean fsync", unit: .seconds, scope: .member, query: Self.mean(Self.probe))
        case .probeSlowShare:
            Definition(
                title: "the share of the WAL probe's fsyncs over 10 ms", unit: .share, scope: .member,
                query: Self.share(Self.probe, over: "0.01"))
        case .probePending:
            Definition(
                title: "the WAL probe's fsync that does not end", unit: .seconds, scope: .member,
                query: "max by (instance) (max_over_time(etcd_monitor_wal_probe_pending_seconds{$e}[$w]))",
                hasUsual: false)
        case .etcdCPU:
            Definition(
                title: "CPU used by etcd", unit: .cores, scope: .process,
                query: Self.process("etcd_monitor_process_cpu_seconds_total"))
        case .runDelay:
            Definition(
                title: "the time etcd's threads wait for a CPU", unit: .cores, scope: .process,
                query: Self.process("etcd_monitor_process_run_delay_seconds_total"))
        case .throttled:
            Definition(
                title: "the time etcd is throttled by its CPU quota", unit: .share, scope: .process,
                query: Self.process("etcd_monitor_process_throttled_seconds_total"), hasUsual: false)
        case .stopped:
            Definition(
                title: "the share of time etcd's process is stopped", unit: .share, scope: .process,
                query: "max by (instance, member) (avg_over_time(etcd_monitor_process_stopped{$h}[$w]))",
                hasUsual: false)
        case .hostCPU:
            Definition(
                title: "the host's CPUs in use", unit: .share, scope: .host,
                query: "1 - " + Self.host("rate(node_cpu_seconds_total{$h,mode=\"idle\"}[$w])"))
        case .cpuSteal:
            Definition(
                title: "CPU stolen by the hypervisor", unit: .share, scope: .host,
                query: Self.host("rate(node_cpu_seconds_total{$h,mode=\"steal\"}[$w])"))
        case .cpuPressure:
            Definition(
                title: "the share of time something waits for a CPU", unit: .share, scope: .host,
                query: Self.host("rate(node_pressure_cpu_waiting_seconds_total{$h}[$w])"))
        case .ioPressure:
            Definition(
                title: "the share of time something waits for a disk", unit: .share, scope: .host,
                query: Self.host("rate(node_pressure_io_waiting_seconds_total{$h}[$w])"))
        case .memoryPressure:
            Definition(
                title: "the share of time everything waits for memory", unit: .share, scope: .host,
                query: Self.host("rate(node_pressure_memory_stalled_seconds_total{$h}[$w])"))
        case .deviceWrite:
            Definition(
                title: "a write of the WAL's device", unit: .seconds, scope: .host,
                query: Self.device("node_disk_write_time_seconds_total", "node_disk_writes_completed_total"))
        case .deviceFlush:
            Definition(
                title: "a flush of the WAL's device", unit: .seconds, scope: .host,
                query: Self.device(
                    "node_disk_flush_requests_time_seconds_total", "node_disk_flush_requests_total"))
        case .retransmissions:
            Definition(
                title: "TCP segments sent again", unit: .perSecond, scope: .host,
                query: Self.host("rate(node_netstat_Tcp_RetransSegs{$h}[$w])"))
        case .clockSteps:
            Definition(
                title: "steps of the agent's clock", unit: .count, scope: .host,
                query: "sum by (instance) (increase(etcd_monitor_agent_clock_steps_total{$a}[$w]))", windows: 10,
                hasUsual: false)
        }
    }
}
