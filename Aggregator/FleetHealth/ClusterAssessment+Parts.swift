internal import AgentProtocol
internal import Fleet
internal import Model

extension ClusterAssessment {
    /// One member as its row shows it.
    func memberHealth(_ entry: MemberRoster.Entry, _ findings: [Finding]) -> MemberHealth {
        let known = facts(of: entry)
        let state = entry.opinion?.state
        let instance = entry.opinion?.instance
        let worst = Finding.worst(of: findings.filter { $0.instance != nil && $0.instance == instance })
        let unwatched = entry.availability == .unwatched
        return MemberHealth(
            name: entry.name, id: entry.id?.description, node: entry.opinion?.node, instance: instance,
            role: role(of: entry),
            status: Self.isDown(entry) ? .critical : worst?.status ?? (unwatched ? .unknown : .healthy),
            isDown: Self.isDown(entry), reason: worst?.sentence ?? (unwatched ? "No agent watches this member." : ""),
            version: state.flatMap { $0.version.isEmpty ? nil : $0.version },
            term: state?.term.map { "\($0)" }, raftIndex: known.committedIndex.map(Self.whole),
            appliedIndex: known.appliedIndex.map(Self.whole), indexLag: indexLag(known).map(Self.whole),
            database: database(known), walFsync: walFsync(known), backendCommit: backendCommit(known),
            startedAt: Self.isDown(entry) ? nil : state?.processStart?.milliseconds, alarms: alarms(of: entry),
            clientURLs: entry.clientURLs,
            peerURLs: entry.peerURLs, requestsPerSecond: known.requestsPerSecond,
            agent: entry.agent.map { agent in
                MemberHealth.AgentAge(id: agent.id.description, ageSeconds: age(of: agent) ?? 0)
            })
    }

    /// The database of a member of which `known` is known, beside its limit.
    func database(_ known: SeriesFacts.MemberFacts) -> ClusterSummary.Database? {
        known.databaseBytes.map {
            ClusterSummary.Database(
                sizeBytes: $0, inUseBytes: known.databaseInUseBytes, quotaBytes: known.quotaBytes,
                limitBytes: known.quotaBytes.map { $0 * limits.databaseShareOfQuota })
        }
    }

    /// Its write-ahead log, likewise.
    func walFsync(_ known: SeriesFacts.MemberFacts) -> ClusterSummary.WALFsync? {
        known.walP99Seconds.map {
            ClusterSummary.WALFsync(
                p99Seconds: $0, shareOver16ms: known.walShareOver16ms ?? 0, limitShare: limits.walShareOver16ms)
        }
    }

    /// Its backend commits, likewise.
    func backendCommit(_ known: SeriesFacts.MemberFacts) -> ClusterSummary.BackendCommit? {
        known.commitP99Seconds.map {
            ClusterSummary.BackendCommit(p99Seconds: $0, limitSeconds: limits.commitP99Seconds)
        }
    }

    private static func whole(_ value: Double) -> String { UInt64(exactly: value.rounded()).map { "\($0)" } ?? "0" }

    private func role(of entry: MemberRoster.Entry) -> MemberHealth.Role {
        if entry.isLearner { return .learner }
        if let id = entry.id, leadership?.leader == id { return .leader }
        return entry.availability == .up ? .follower : .unknown
    }

    /// Entries that the furthest member has committed and this one has not applied: at least so many.
    ///
    /// Members are scraped seconds apart, in which a busy cluster commits thousands of entries; so a member is compared
    /// only with what others had committed by the time it was scraped itself.
    private func indexLag(_ known: SeriesFacts.MemberFacts) -> Double? {
        guard let applied = known.appliedIndex, let sampledAt = known.indexSampledAt else { return nil }
        let earlier = roster.entries.map { facts(of: $0) }.filter { ($0.indexSampledAt ?? .infinity) <= sampledAt }
        let furthest = earlier.compactMap(\.committedIndex).max() ?? applied
        return max(0, furthest - applied)
    }

    /// The alarms of `entry`, by whoever knows of them.
    func alarms(of entry: MemberRoster.Entry) -> [String] {
        guard let id = entry.id else { return [] }
        let seen = roster.entries.filter { $0.availability == .up }.flatMap { $0.opinion?.state.alarms ?? [] }
        return Set(seen.filter { $0.member == id }.map(\.kind)).sorted()
    }

    /// From every member to every other.
    var links: [PeerLink] {
        roster.entries.flatMap { from in
            roster.entries.compactMap { to in
                guard let fromID = from.id, let toID = to.id, fromID != toID else { return nil }
                return link(from, fromID, to, toID)
            }
        }
    }

    private func link(
        _ from: MemberRoster.Entry, _ fromID: EtcdID, _ to: MemberRoster.Entry, _ toID: EtcdID
    ) -> PeerLink {
        let rtt = facts(of: from).rttP99Seconds[toID.description]
        let isBroken = Self.isDown(from) || Self.isDown(to)
        let state: PeerLink.State =
            isBroken ? .broken : rtt.map { $0 > limits.rttP99Seconds ? .slow : .ok } ?? .unknown
        return PeerLink(
            from: fromID.description, to: toID.description, rttP99Seconds: isBroken ? nil : rtt, state: state)
    }

    private static func isDown(_ entry: MemberRoster.Entry) -> Bool {
        if case .down = entry.availability { true } else { false }
    }

    /// One row per agent that is not revoked.
    var nodes: [NodeHealth] {
        cluster.agents.map { agent in
            let host = facts.host(cluster.name, agent.node)
            let used = host.memoryTotalBytes.flatMap { total in host.memoryAvailableBytes.map { total - $0 } }
            return NodeHealth(
                name: agent.node, cluster: cluster.name, agentID: agent.id.description, agentVersion: agent.version,
                lastSeen: agent.contact.lastSeen?.milliseconds, ageSeconds: age(of: agent),
                lagSeconds: agent.contact.lagMilliseconds.map { Double($0) / 1000 },
                lastError: agent.contact.lastError,
                clockOffsetSeconds: agent.contact.clockOffsetMilliseconds.map { Double($0) / 1000 },
                cpuRatio: host.cpuRatio, load1: host.load1, memoryUsedBytes: used,
                memoryTotalBytes: host.memoryTotalBytes)
        }
    }
}
