import Model
import TestSupport

/// The series of a cluster of three as agents and aggregator write them, a scrape every 5 s, for rules to be run over.
struct SimulatedCluster {
    /// What one host does at an instant.
    struct Host {
        /// etcd answers.
        var etcd = true
        /// The agent is heard.
        var agent = true
        var isLeader = false
        var hasLeader = true
        /// Its etcd process began.
        var start = 0
        /// Why the agent cannot read etcd.
        var failure: String?
        /// Members that it has a connection to, by number.
        var peers: Set<Int> = [0, 1, 2]
        var isLearner = false
    }

    static let origin = Timestamp(milliseconds: 1_790_000_000_000)
    let source = MemorySeriesSource()
    var name = "prod-eu"
    var count = 3

    /// Writes scrapes from `seconds.lowerBound` to `seconds.upperBound`, all hosts as `state` says.
    func write(_ seconds: ClosedRange<Int>, _ state: (_ host: Int, _ second: Int) -> Host) {
        for second in stride(from: seconds.lowerBound, through: seconds.upperBound, by: 5) {
            for host in 0..<count { write(host, state(host, second), second) }
        }
    }

    private func write(_ number: Int, _ host: Host, _ second: Int) {
        let node = "node-\(number + 1)"
        let identity: Labels = ["job": "etcd", "cluster": name, "instance": "\(node):2379"]
        add("up", identity, second, host.etcd && host.agent ? 1 : 0)
        if let failure = host.failure {
            add("etcd_monitor_scrape_failure", with(identity, ["reason": failure]), second, 1)
        }
        add("up", ["job": "node", "cluster": name, "instance": node], second, host.agent ? 1 : 0)
        add("up", ["job": "etcd-monitor-agent", "cluster": name, "instance": node], second, host.agent ? 1 : 0)
        let answers = host.etcd && host.agent
        add("etcd_server_is_leader", identity, second, answers ? (host.isLeader ? 1 : 0) : nil)
        add("etcd_server_has_leader", identity, second, answers ? (host.hasLeader ? 1 : 0) : nil)
        add("process_start_time_seconds", identity, second, answers ? Double(host.start) : nil)
        for peer in 0..<count where peer != number {
            let labels = with(identity, ["Local": memberID(number), "Remote": memberID(peer)])
            add("etcd_network_active_peers", labels, second, answers ? (host.peers.contains(peer) ? 1 : 0) : nil)
        }
        let info = with(
            identity,
            [
                "member": "m\(number + 1)", "node": node, "member_id": memberID(number), "cluster_id": "cafe",
                "version": "3.5.1",
            ])
        // The agent remembers who its member is while that is down.
        add("etcd_monitor_member_info", info, second, host.agent ? 1 : nil)
        for known in 0..<count {
            let role = host.isLearner && known == number ? "learner" : "voter"
            let labels = with(
                identity, ["known_id": memberID(known), "known_name": "m\(known + 1)", "known_role": role])
            add("etcd_monitor_known_member", labels, second, answers ? 1 : nil)
        }
    }

    func memberID(_ number: Int) -> String { "8e9e05c52164694\(number)" }

    /// Adds a value; with nil, the series ends.
    func add(_ metric: String, _ labels: Labels, _ second: Int, _ value: Double?) {
        source.add(
            with(labels, [Labels.metricName: metric]), [Sample(Self.origin + .seconds(second), value ?? .stale)])
    }

    private func with(_ labels: Labels, _ more: [String: String]) -> Labels {
        Labels(labels.map { $0 } + more.map { Label($0.key, $0.value) })
    }
}
