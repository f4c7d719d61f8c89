internal import EtcdClient
internal import Model

/// The series that the agent adds to a member's own: every name that this product writes for an etcd source.
struct EtcdSeries: Sendable {
    private let member: String
    private let node: String
    private var up: Int?
    private var duration: Int?
    private var reads: [EtcdClient.ReadKind: Int] = [:]
    private var readFailures: [EtcdClient.ReadKind: Int] = [:]
    private var status: [Int] = []
    private var start: Int?
    private var searchedSeries = 0

    init(member: String, node: String) {
        self.member = member
        self.node = node
    }

    /// `up`, `scrape_duration_seconds`, and the reason if there was none.
    mutating func setScrape(failure: EtcdError.Code?, seconds: Double, in board: inout SampleBoard) {
        ScrapeVerdict.set(isUp: failure == nil, seconds: seconds, up: &up, duration: &duration, in: &board)
        guard let failure else { return }
        board.set(
            "etcd_monitor_scrape_failure", ["reason": failure.rawValue], to: 1, .gauge,
            help: "1 while the last scrape failed for this reason.")
    }

    /// How long a read took.
    mutating func setRead(_ kind: EtcdClient.ReadKind, seconds: Double, in board: inout SampleBoard) {
        board.set(readNumber(kind, in: &board), to: rounded(seconds))
    }

    /// No read was timed: what the last one took still stands, if there was one.
    mutating func keepRead(_ kind: EtcdClient.ReadKind, in board: inout SampleBoard) {
        if let number = reads[kind] { board.keep(number) }
    }

    /// How many reads have failed.
    mutating func setReadFailures(_ kind: EtcdClient.ReadKind, _ count: Double, in board: inout SampleBoard) {
        let name = "etcd_monitor_read_failures_total"
        let number =
            readFailures[kind]
            ?? board.number(
                of: Labels(metric: name, [Label("type", kind.rawValue)]),
                family: board.family(name, .counter, help: "Timed reads of the agent that failed, by type."))
        readFailures[kind] = number
        board.set(number, to: count)
    }

    /// What Status and MemberList said last; what is not known has no value.
    mutating func set(_ observation: MemberObservation, in board: inout SampleBoard) {
        let answered = observation.failure == nil && !observation.isStatusDenied
        set(observation.status, isFresh: answered, in: &board)
        if let status = observation.status {
            board.set(
                "etcd_monitor_member_info",
                [
                    "member": member, "node": node, "member_id": "\(status.memberID)",
                    "cluster_id": "\(status.clusterID)", "version": status.version,
                ], to: 1, .gauge, help: "Who the member is, by its configuration and by its own account.")
        }
        guard answered, let list = observation.members else { return }
        for known in list.members {
            board.set(
                "etcd_monitor_known_member",
                [
                    "known_id": "\(known.id)", "known_name": known.name,
                    "known_role": known.isLearner ? "learner" : "voter",
                ], to: 1, .gauge, help: "1 for each member of the cluster, as this one knows them.")
        }
        for alarm in observation.status?.alarms ?? [] {
            board.set(
                "etcd_monitor_alarm", ["alarm": alarm.kind, "alarm_member_id": "\(alarm.memberID)"], to: 1, .gauge,
                help: "1 for each alarm of the cluster, as this member knows them.")
        }
    }

    /// `process_start_time_seconds`, as etcd's own metrics have it.
    mutating func processStart(in board: SampleBoard) -> Double? {
        if start == nil, board.series.count != searchedSeries {
            searchedSeries = board.series.count
            start = board.series.firstIndex { $0.labels.metric == "process_start_time_seconds" }
        }
        guard let start, case let value = board.values[start], !value.isStale, value > 0 else { return nil }
        return value
    }

    private static let statusMetrics: [(name: String, help: String)] = [
        ("etcd_monitor_status_up", "1 if the member answered Status."),
        ("etcd_monitor_has_leader", "1 if the member knows of a leader, by Status."),
        ("etcd_monitor_is_leader", "1 if the member is the leader, by Status."),
        ("etcd_monitor_is_learner", "1 if the member is a learner, by Status."),
        ("etcd_monitor_raft_term", "Raft's term, by Status."),
        ("etcd_monitor_raft_index", "Raft's committed index, by Status."),
        ("etcd_monitor_raft_applied_index", "Raft's applied index, by Status."),
        ("etcd_monitor_revision", "The store's revision, by Status."),
    ]

    private mutating func set(_ status: EtcdStatus?, isFresh: Bool, in board: inout SampleBoard) {
        if self.status.isEmpty {
            self.status = Self.statusMetrics.map {
                board.number(of: Labels(metric: $0.name), family: board.family($0.name, .gauge, help: $0.help))
            }
        }
        board.set(self.status[0], to: isFresh && status != nil ? 1 : 0)
        guard isFresh, let status else { return }
        let values: [Double] = [
            status.leader == nil ? 0 : 1, status.leader == status.memberID ? 1 : 0, status.isLearner ? 1 : 0,
            Double(status.term), Double(status.raftIndex), Double(status.appliedIndex), Double(status.revision),
        ]
        for (number, value) in zip(self.status.dropFirst(), values) { board.set(number, to: value) }
    }

    private mutating func readNumber(_ kind: EtcdClient.ReadKind, in board: inout SampleBoard) -> Int {
        if let known = reads[kind] { return known }
        let name = "etcd_monitor_read_seconds"
        let number = board.number(
            of: Labels(metric: name, [Label("type", kind.rawValue)]),
            family: board.family(
                name, .gauge, help: "How long a read of one absent key took, serializable or linearizable."))
        reads[kind] = number
        return number
    }
}

/// The two series that every source has, as Prometheus writes them.
enum ScrapeVerdict {
    static func set(
        isUp: Bool, seconds: Double, up: inout Int?, duration: inout Int?, in board: inout SampleBoard
    ) {
        let upNumber =
            up
            ?? board.number(
                of: Labels(metric: "up"),
                family: board.family("up", .gauge, help: "1 if the target could be scraped, else 0."))
        let durationNumber =
            duration
            ?? board.number(
                of: Labels(metric: "scrape_duration_seconds"),
                family: board.family("scrape_duration_seconds", .gauge, help: "How long the scrape took."))
        up = upNumber
        duration = durationNumber
        board.set(upNumber, to: isUp ? 1 : 0)
        board.set(durationNumber, to: rounded(seconds))
    }
}

/// `seconds` in whole hundredths of a millisecond: what an operator can use, in fewer bytes.
func rounded(_ seconds: Double) -> Double { (seconds * 1e5).rounded() / 1e5 }
