public import AgentProtocol
public import Model

/// What one agent last said of its member. Opinions of one cluster are kept apart: where they differ is a finding.
public struct MemberOpinion: Sendable {
    /// The agent and its source: one etcd member on that host.
    public struct Key: Hashable, Sendable {
        /// Who says it.
        public var agent: AgentID
        /// The source's name, as the agent's configuration calls the member.
        public var source: String

        /// The source `source` of `agent`.
        public init(agent: AgentID, source: String) {
            self.agent = agent
            self.source = source
        }
    }

    /// Whose opinion.
    public var key: Key
    /// The cluster that the agent was enrolled into.
    public var cluster: String
    /// The agent's node.
    public var node: String
    /// The `instance` label of the member's series: `node:port`.
    public var instance: String
    /// When it was observed, by the agent's anchored clock.
    public var observedAt: Timestamp
    /// When it reached us.
    public var receivedAt: Timestamp
    /// What was seen.
    public var state: MemberState

    /// What `key` said.
    public init(
        key: Key, cluster: String, node: String, instance: String, observedAt: Timestamp, receivedAt: Timestamp,
        state: MemberState
    ) {
        self.key = key
        self.cluster = cluster
        self.node = node
        self.instance = instance
        self.observedAt = observedAt
        self.receivedAt = receivedAt
        self.state = state
    }

    /// What to call the member in a sentence.
    public var memberName: String {
        let own = state.members.first { $0.id == state.memberID }?.name ?? ""
        return own.isEmpty ? key.source : own
    }

    /// This opinion, with what an agent that was restarted while its member is down cannot know taken from the one
    /// before: who the member is, and with whom.
    func carryingOver(_ previous: MemberOpinion?) -> MemberOpinion {
        guard !state.isReachable, state.memberID == nil, let before = previous?.state else { return self }
        var result = self
        result.state = before
        result.state.isReachable = false
        result.state.reason = state.reason
        return result
    }
}
