internal import AgentProtocol
internal import Fleet
internal import Model

/// What is wrong with a cluster, each finding in one sentence. Pure. An agent that is lost is never called an etcd
/// that is down.
struct Diagnosis: Sendable {
    let assessment: ClusterAssessment
    private var roster: MemberRoster { assessment.roster }
    private var budget: QuorumBudget { assessment.budget }

    init(_ assessment: ClusterAssessment) {
        self.assessment = assessment
    }

    /// All of them, in no order; see `Finding.worst`.
    var findings: [Finding] {
        guard !assessment.cluster.agents.isEmpty else {
            return [Finding(status: .unknown, order: 0, sentence: "No agent is enrolled for this cluster yet.")]
        }
        guard !roster.entries.isEmpty else {
            return [Finding(status: .unknown, order: 1, sentence: "No agent has reported a member yet.")]
        }
        return quorum + strays + alarms + leaderless + availability + roster.entries.flatMap(slowness) + versions
    }

    private var downEntries: [(entry: MemberRoster.Entry, reason: String)] {
        roster.entries.compactMap { entry in
            if case .down(let reason) = entry.availability { (entry, reason) } else { nil }
        }
    }

    private var silentEntries: [(entry: MemberRoster.Entry, seconds: Double)] {
        roster.entries.compactMap { entry in
            if case .agentSilent(let seconds) = entry.availability { (entry, seconds) } else { nil }
        }
    }

    private var quorum: [Finding] {
        guard budget.isLost else { return [] }
        let down = downEntries.map(\.entry.name)
        return [
            Finding(
                status: .critical, order: 0,
                sentence: "\(budget.sentence) \(Words.list(down)) \(down.count == 1 ? "is" : "are") down;"
                    + " nothing can be written.")
        ]
    }

    private var strays: [Finding] {
        roster.strays.map { stray in
            let id = stray.opinion?.state.clusterID?.description ?? "?"
            return Finding(
                status: .critical, order: 1,
                sentence: "\(stray.name) belongs to another etcd cluster (\(id), not"
                    + " \(roster.etcdCluster?.description ?? "?")): was it enrolled under the wrong name?",
                instance: stray.opinion?.instance)
        }
    }

    private var alarms: [Finding] {
        roster.entries.flatMap { entry in
            assessment.alarms(of: entry).map { alarm in
                let advice =
                    alarm == "NOSPACE"
                    ? "writes are refused until its database is compacted, defragmented and the alarm disarmed."
                    : "its data differs from its peers'; take it out of the cluster before anything else."
                return Finding(
                    status: .critical, order: 2, sentence: "Alarm \(alarm) on \(entry.name): \(advice)",
                    instance: entry.opinion?.instance)
            }
        }
    }

    private var leaderless: [Finding] {
        guard !budget.isLost, budget.up >= budget.size, assessment.leadership == nil else { return [] }
        let names = Words.list(roster.up.map(\.name))
        return [
            Finding(
                status: .critical, order: 3,
                sentence: "No leader: \(names) answer, and none of them leads. Nothing can be written.")
        ]
    }

    private var availability: [Finding] {
        down + unreadable + silence
    }

    private var unreadable: [Finding] {
        // With a quorum in sight the cluster is known to work; without one, nothing is known.
        let status: HealthStatus = budget.isUncertain ? .unknown : .degraded
        return roster.entries.compactMap { entry in
            guard case .unreadable(let reason) = entry.availability else { return nil }
            let agent = "The agent on \(entry.opinion?.node ?? entry.name)"
            return Finding(
                status: status, order: 4,
                sentence: "\(agent) cannot read \(entry.name): \(reason). etcd itself may be well.",
                instance: entry.opinion?.instance)
        }
    }

    private var down: [Finding] {
        downEntries.map { entry, reason in
            let why = reason.isEmpty ? "" : ": \(reason)"
            let margin = max(0, budget.margin)
            return Finding(
                status: .degraded, order: entry.isLearner ? 9 : 0,
                sentence: "\(entry.name) is down\(why). Can lose \(margin) more \(margin == 1 ? "member" : "members").",
                instance: entry.opinion?.instance)
        }
    }

    private var silence: [Finding] {
        let silent = silentEntries
        guard !silent.isEmpty else { return [] }
        let isAll = silent.count == roster.entries.count
        if isAll, silent.count > 1 {
            let seconds = silent.map(\.seconds).min() ?? 0
            let lost = Finding(
                status: .unknown, order: 0,
                sentence: "All \(silent.count) agents silent for \(Words.age(seconds)); etcd itself may be well."
                    + " Check the uplink, not etcd.")
            return [lost] + silent.map { one($0.entry, $0.seconds, status: .unknown, order: 5) }
        }
        // With a quorum in sight the cluster is known to work; without one, nothing is known.
        let status: HealthStatus = budget.isUncertain ? .unknown : .degraded
        return silent.map { one($0.entry, $0.seconds, status: status, order: 5) }
    }

    private func one(
        _ entry: MemberRoster.Entry, _ seconds: Double, status: HealthStatus, order: Int
    ) -> Finding {
        let node = entry.opinion?.node ?? entry.name
        return Finding(
            status: status, order: order,
            sentence: "Agent on \(node) silent for \(Words.age(seconds)); etcd itself may be well.",
            instance: entry.opinion?.instance)
    }

    private var versions: [Finding] {
        let versions = Set(roster.up.compactMap { $0.opinion?.state.version }.filter { !$0.isEmpty }.map(Self.minor))
        guard versions.count > 1 else { return [] }
        return [
            Finding(
                status: .degraded, order: 20,
                sentence: "Members run different versions: \(Words.list(versions.sorted())). Finish the upgrade.")
        ]
    }

    /// `3.5` of `3.5.1`
    private static func minor(_ version: String) -> String {
        version.split(separator: ".").prefix(2).joined(separator: ".")
    }
}
