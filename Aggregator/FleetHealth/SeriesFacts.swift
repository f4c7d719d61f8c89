internal import Model

/// What the series show at one moment, by cluster and instance: the results of `HealthQueries`, as values.
struct SeriesFacts: Sendable, Equatable {
    /// A cluster and one of its instances.
    struct Place: Hashable, Sendable {
        var cluster: String
        var instance: String
    }

    /// One member's numbers; nil where its series say nothing.
    struct MemberFacts: Sendable, Equatable {
        var requestsPerSecond: Double?
        var databaseBytes: Double?
        var databaseInUseBytes: Double?
        var quotaBytes: Double?
        var walP99Seconds: Double?
        var walShareOver16ms: Double?
        var commitP99Seconds: Double?
        var committedIndex: Double?
        var appliedIndex: Double?
        /// When the two were scraped, in seconds since the epoch.
        var indexSampledAt: Double?
        /// By the peer's member id in hex.
        var rttP99Seconds: [String: Double] = [:]
    }

    /// One host's numbers.
    struct HostFacts: Sendable, Equatable {
        var cpuRatio: Double?
        var load1: Double?
        var memoryTotalBytes: Double?
        var memoryAvailableBytes: Double?
    }

    private(set) var members: [Place: MemberFacts] = [:]
    private(set) var hosts: [Place: HostFacts] = [:]

    /// What is known of the member at `instance` of `cluster`.
    func member(_ cluster: String, _ instance: String) -> MemberFacts {
        members[Place(cluster: cluster, instance: instance)] ?? MemberFacts()
    }

    /// What is known of the host `node`; hosts' series may lack the cluster.
    func host(_ cluster: String, _ node: String) -> HostFacts {
        hosts[Place(cluster: cluster, instance: node)] ?? hosts[Place(cluster: "", instance: node)] ?? HostFacts()
    }

    /// Sets what `labels` are about; values that are no number are nothing.
    mutating func set(_ field: WritableKeyPath<MemberFacts, Double?>, _ labels: Labels, _ value: Double) {
        guard value.isFinite else { return }
        members[Self.place(labels), default: MemberFacts()][keyPath: field] = value
    }

    mutating func set(_ field: WritableKeyPath<HostFacts, Double?>, _ labels: Labels, _ value: Double) {
        guard value.isFinite else { return }
        hosts[Self.place(labels), default: HostFacts()][keyPath: field] = value
    }

    mutating func setRTT(_ labels: Labels, _ value: Double) {
        guard value.isFinite, let peer = labels["To"] else { return }
        members[Self.place(labels), default: MemberFacts()].rttP99Seconds[peer] = value
    }

    private static func place(_ labels: Labels) -> Place {
        Place(cluster: labels["cluster"] ?? "", instance: labels["instance"] ?? "")
    }
}
