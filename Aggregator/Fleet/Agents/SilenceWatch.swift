internal import Model

/// Decides which agents have fallen silent and which are back. Pure: what it knows is what it is given.
///
/// Silence is measured by our own receive times: an agent's clock cannot hide it. It says nothing about etcd.
struct SilenceWatch: Sendable {
    /// Longest pause that is still normal.
    var limit: Duration
    /// Nobody is blamed for the time before we listened.
    var listeningSince: Timestamp

    /// The changes between `agents` as they are noted and as they are at `now`.
    ///
    /// - Returns: for each change the agent, since when it is silent (nil: it is back) and the event.
    func changes(
        of agents: [AgentRecord], at now: Timestamp
    ) -> [(id: AgentID, silentSince: Timestamp?, event: FleetEvent)] {
        agents.compactMap { agent in
            guard agent.isActive, let lastSeen = agent.contact.lastSeen else { return nil }
            if let since = agent.contact.silentSince {
                guard lastSeen > since else { return nil }
                return (agent.id, nil, Self.back(agent, since: since, at: lastSeen))
            }
            guard now - max(lastSeen, listeningSince) > limit else { return nil }
            return (agent.id, lastSeen, Self.silent(agent, since: lastSeen, at: now))
        }
    }

    private static func silent(_ agent: AgentRecord, since: Timestamp, at now: Timestamp) -> FleetEvent {
        let seconds = (now - since).components.seconds
        return FleetEvent(
            at: now, cluster: agent.cluster, kind: .agentSilent, severity: .warning, node: agent.node,
            sentence: "Agent on \(agent.node) silent for \(seconds) s; etcd itself may be well.",
            detail: ["agent": agent.id.description], occurrence: "\(agent.id)/\(since.milliseconds)")
    }

    private static func back(_ agent: AgentRecord, since: Timestamp, at now: Timestamp) -> FleetEvent {
        let seconds = (now - since).components.seconds
        return FleetEvent(
            at: now, cluster: agent.cluster, kind: .agentBack, severity: .info, node: agent.node,
            sentence: "Agent on \(agent.node) is back after \(seconds) s.",
            detail: ["agent": agent.id.description], occurrence: "\(agent.id)/\(since.milliseconds)")
    }
}
