internal import AgentProtocol
internal import Fleet
internal import Model

/// Who belongs to a cluster and what is known of each: the member lists of all agents, joined with each member's own
/// agent. Pure.
struct MemberRoster: Sendable {
    /// What its own agent says of a member.
    enum Availability: Hashable, Sendable {
        /// It answers.
        case up
        /// It does not, and why.
        case down(String)
        /// Its agent cannot ask it, and why: etcd itself may be well.
        case unreadable(String)
        /// Its agent is silent for so many seconds: etcd itself may be well.
        case agentSilent(Double)
        /// No agent watches it.
        case unwatched
    }

    /// A member, listed by etcd or only known to its agent.
    struct Entry: Sendable {
        /// nil until the member has said it.
        var id: EtcdID?
        /// As the cluster knows it, else as its agent does, else the id.
        var name: String
        var isLearner: Bool
        var clientURLs: [String]
        var peerURLs: [String]
        /// Its own agent's.
        var opinion: MemberOpinion?
        var agent: AgentRecord?
        var availability: Availability
    }

    /// By name.
    let entries: [Entry]
    /// The etcd cluster id that most of the members have.
    let etcdCluster: EtcdID?
    /// Members that are in another etcd cluster than `etcdCluster`.
    let strays: [Entry]
    let now: Timestamp

    init(_ cluster: FleetSnapshot.Cluster, patience: Patience, now: Timestamp) {
        let opinions = cluster.observation.opinions.values.sorted { $0.observedAt > $1.observedAt }
        let main = Self.commonest(opinions.compactMap(\.state.clusterID))
        let agents = Dictionary(cluster.agents.map { ($0.id, $0) }) { $1 }
        var entries: [Entry] = []
        var told: Set<MemberOpinion.Key> = []
        for member in Self.listed(opinions, in: main) {
            let own = opinions.first { $0.state.memberID == member.id && $0.state.clusterID == main }
            if let own { told.insert(own.key) }
            let agent = own.flatMap { agents[$0.key.agent] }
            entries.append(
                Entry(
                    id: member.id, name: member.name.isEmpty ? own?.memberName ?? member.id.description : member.name,
                    isLearner: member.isLearner, clientURLs: member.clientURLs, peerURLs: member.peerURLs, opinion: own,
                    agent: agent, availability: Self.availability(own, agent, patience, now)))
        }
        var strays: [Entry] = []
        for opinion in opinions where !told.contains(opinion.key) {
            let agent = agents[opinion.key.agent]
            let entry = Entry(
                id: opinion.state.memberID, name: opinion.memberName, isLearner: false, clientURLs: [], peerURLs: [],
                opinion: opinion, agent: agent, availability: Self.availability(opinion, agent, patience, now))
            entries.append(entry)
            if let id = opinion.state.clusterID, id != main { strays.append(entry) }
        }
        self.entries = entries.sorted { $0.name < $1.name }
        self.strays = strays
        etcdCluster = main
        self.now = now
    }

    /// Those with a vote.
    var voters: [Entry] { entries.filter { !$0.isLearner && !isStray($0) } }

    /// Those that answer.
    var up: [Entry] { entries.filter { $0.availability == .up } }

    private func isStray(_ entry: Entry) -> Bool {
        strays.contains { $0.opinion?.key == entry.opinion?.key }
    }

    /// The newest list of a member that answers; without one, the newest at all.
    private static func listed(_ opinions: [MemberOpinion], in main: EtcdID?) -> [MemberState.Member] {
        let candidates = opinions.filter { $0.state.clusterID == main && !$0.state.members.isEmpty }
        return (candidates.first(where: \.state.isReachable) ?? candidates.first)?.state.members ?? []
    }

    private static func commonest(_ ids: [EtcdID]) -> EtcdID? {
        var counts: [EtcdID: Int] = [:]
        for id in ids { counts[id, default: 0] += 1 }
        return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }

    private static func availability(
        _ opinion: MemberOpinion?, _ agent: AgentRecord?, _ patience: Patience, _ now: Timestamp
    ) -> Availability {
        guard let opinion, let agent else { return .unwatched }
        let lastSeen = agent.contact.lastSeen ?? opinion.receivedAt
        if agent.contact.silentSince != nil || patience.isSilent(lastSeen: lastSeen, at: now) {
            return .agentSilent((now - lastSeen).fractionalSeconds)
        }
        if opinion.state.isReachable { return .up }
        return opinion.state.isMerelyUnreadable ? .unreadable(opinion.state.reason) : .down(opinion.state.reason)
    }
}
