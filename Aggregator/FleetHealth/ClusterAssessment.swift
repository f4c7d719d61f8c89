internal import AgentProtocol
internal import Fleet
internal import Model

/// One cluster judged: joins roster and facts into what the pages show. Pure; alerts and history are added by the
/// service.
struct ClusterAssessment: Sendable {
    let cluster: FleetSnapshot.Cluster
    let roster: MemberRoster
    let budget: QuorumBudget
    let facts: SeriesFacts
    let limits: HealthLimits
    let patience: Patience
    let now: Timestamp

    init(
        _ cluster: FleetSnapshot.Cluster, facts: SeriesFacts, limits: HealthLimits, patience: Patience, now: Timestamp
    ) {
        self.cluster = cluster
        self.facts = facts
        self.limits = limits
        self.patience = patience
        self.now = now
        roster = MemberRoster(cluster, patience: patience, now: now)
        budget = QuorumBudget(roster)
    }

    /// The current leadership, if a member that answers confirms it.
    var leadership: ClusterObservation.Leadership? {
        guard let etcd = roster.etcdCluster, let known = cluster.observation.leaderships[etcd] else { return nil }
        let confirmed = roster.up.contains { $0.opinion?.state.leader == known.leader }
        return confirmed ? known : nil
    }

    /// Everything the cluster's page shows.
    var detail: ClusterDetail {
        let findings = Diagnosis(self).findings
        let members = roster.entries.map { memberHealth($0, findings) }
        return ClusterDetail(
            summary: summary(findings, members), members: members, links: links, nodes: nodes)
    }

    private func summary(_ findings: [Finding], _ members: [MemberHealth]) -> ClusterSummary {
        let worst = Finding.worst(of: findings)
        let isMaintained = cluster.maintenanceUntil.map { $0 > now } ?? false
        let well = "All \(roster.entries.count) members answer. \(budget.sentence)"
        let silent = cluster.agents.count { agent in
            agent.contact.silentSince != nil
                || agent.contact.lastSeen.map { patience.isSilent(lastSeen: $0, at: now) } ?? true
        }
        return ClusterSummary(
            name: cluster.name, status: isMaintained ? .maintenance : worst?.status ?? .healthy,
            cause: (isMaintained ? "Maintenance. " : "") + (worst?.sentence ?? well),
            etcdClusterID: roster.etcdCluster?.description,
            members: ClusterSummary.MemberCounts(
                up: roster.up.count, voters: budget.voters, learners: roster.entries.count(where: \.isLearner),
                total: roster.entries.count),
            quorum: ClusterSummary.Quorum(size: budget.size, margin: budget.margin, sentence: budget.sentence),
            leader: leader, requestsPerSecond: sum(members.map(\.requestsPerSecond)), database: worstDatabase(members),
            walFsync: worstWAL(members), backendCommit: worstCommit(members), peerRTT: worstRTT,
            agents: ClusterSummary.Agents(
                total: cluster.agents.count, silent: silent,
                oldestSeconds: cluster.agents.compactMap { age(of: $0) }.max() ?? 0),
            versions: Set(members.compactMap(\.version)).sorted(), alerts: .none, history: [],
            updatedAt: now.milliseconds)
    }

    /// Seconds since the last word of `agent`; nil if it never said one.
    func age(of agent: AgentRecord) -> Double? {
        agent.contact.lastSeen.map { max(0, (now - $0).fractionalSeconds) }
    }

    private var leader: ClusterSummary.Leader? {
        guard let leadership else { return nil }
        return ClusterSummary.Leader(
            member: name(of: leadership.leader), id: leadership.leader.description,
            since: leadership.since.milliseconds, term: "\(leadership.term)")
    }

    /// The member's name, or its id.
    func name(of id: EtcdID) -> String { roster.entries.first { $0.id == id }?.name ?? id.description }

    /// The series of `entry`.
    func facts(of entry: MemberRoster.Entry) -> SeriesFacts.MemberFacts {
        entry.opinion.map { facts.member(cluster.name, $0.instance) } ?? SeriesFacts.MemberFacts()
    }

    private func sum(_ values: [Double?]) -> Double? {
        let known = values.compactMap { $0 }
        return known.isEmpty ? nil : known.reduce(0, +)
    }

    private func worstDatabase(_ members: [MemberHealth]) -> ClusterSummary.Database? {
        let known = members.compactMap { member in
            member.database.map { database in
                var named = database
                named.member = member.name
                return named
            }
        }
        return known.max { $0.sizeBytes / ($0.quotaBytes ?? 1e12) < $1.sizeBytes / ($1.quotaBytes ?? 1e12) }
    }

    private func worstWAL(_ members: [MemberHealth]) -> ClusterSummary.WALFsync? {
        let known = members.compactMap { member in
            member.walFsync.map { walFsync in
                var named = walFsync
                named.member = member.name
                return named
            }
        }
        return known.max { ($0.shareOver16ms, $0.p99Seconds) < ($1.shareOver16ms, $1.p99Seconds) }
    }

    private func worstCommit(_ members: [MemberHealth]) -> ClusterSummary.BackendCommit? {
        let known = members.compactMap { member in
            member.backendCommit.map { commit in
                var named = commit
                named.member = member.name
                return named
            }
        }
        return known.max { $0.p99Seconds < $1.p99Seconds }
    }

    private var worstRTT: ClusterSummary.PeerRTT? {
        links.compactMap(\.rttP99Seconds).max().map {
            ClusterSummary.PeerRTT(p99Seconds: $0, limitSeconds: limits.rttP99Seconds)
        }
    }
}
