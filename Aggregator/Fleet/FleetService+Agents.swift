public import Model
internal import Synchronization

extension FleetService {
    /// The agent `id`, revoked ones too; nil for a stranger.
    public func agent(_ id: AgentID) -> AgentRecord? { directory[id] }

    /// Every agent, revoked ones too.
    public var agents: [AgentRecord] { directory.all }

    /// Notes that a batch of the agent `id` is stored.
    public func noteAccepted(
        _ id: AgentID, at now: Timestamp, epoch: UInt64, sequence: UInt64, newestSample: Timestamp?,
        clockOffset: Duration?
    ) {
        directory.update(id) { contact in
            contact.noteBatch(at: now, epoch: epoch, sequence: sequence, newestSample: newestSample)
            if let clockOffset { contact.clockOffsetMilliseconds = clockOffset.milliseconds }
        }
    }

    /// Notes that a batch of the agent `id` was refused, and why.
    public func noteRefused(_ id: AgentID, at now: Timestamp, reason: String) {
        directory.update(id) { contact in
            contact.lastError = reason
            contact.lastErrorAt = now
        }
    }

    /// A token that enrols one agent into `cluster` (made if it is new), and if `replacesNode` names a node, in the
    /// place of that node's agent.
    ///
    /// - Parameters:
    ///   - lifetime: up to 30 days.
    ///   - creator: who asked for it.
    /// - Throws: `.badName`.
    public func makeEnrolmentToken(
        cluster: String, replacesNode: String? = nil, lifetime: Duration = .seconds(86_400), by creator: String
    ) async throws -> EnrolmentToken {
        guard FleetNames.isCluster(cluster) else {
            throw FleetError(
                .badName, "'\(cluster.prefix(80))' cannot name a cluster: use 1 to 63 of a-z, 0-9 and -, not - first")
        }
        if let replacesNode, !FleetNames.isNode(replacesNode) {
            throw FleetError(.badName, "'\(replacesNode.prefix(80))' cannot name a node")
        }
        let store = EnrolmentStore(pool: pool)
        let token = EnrolmentToken.make(expires: clock.now + min(lifetime, .seconds(30 * 86_400)))
        let number = try await store.cluster(cluster)
        try await store.insert(token, cluster: number, replacesNode: replacesNode, by: creator)
        state.withLock { state in
            guard state.clusters[cluster] == nil else { return }
            state.clusters[cluster] = ClusterStore.Cluster(number: number, name: cluster, maintenanceUntil: nil)
        }
        return token
    }

    /// Makes an agent of `enrolment`, spending its token.
    ///
    /// - Throws: `FleetError` with the reason, and then nothing was changed.
    public func enrol(_ enrolment: Enrolment) async throws -> EnrolmentOutcome {
        guard FleetNames.isNode(enrolment.node) else {
            throw FleetError(.badName, "'\(enrolment.node.prefix(80))' cannot name a node: use a host name")
        }
        let now = clock.now
        let outcome = try await EnrolmentStore(pool: pool).enrol(enrolment, at: now)
        directory.merge([outcome.agent])
        if let replaced = outcome.replaced { endAgent(replaced, at: now) }
        let agent = outcome.agent
        let sentence =
            outcome.replaced == nil
            ? "Agent on \(agent.node) was enrolled." : "Agent on \(agent.node) was enrolled in place of the former one."
        await store([
            FleetEvent(
                at: now, cluster: agent.cluster, kind: .agentEnrolled, severity: .info, node: agent.node,
                sentence: sentence, detail: ["agent": agent.id.description], occurrence: agent.id.description)
        ])
        return outcome
    }

    /// Ends what the agent `id` may send; at once here, within five seconds at other aggregators.
    ///
    /// - Throws: `.notFound` if there is no such agent or it is revoked already.
    public func revoke(_ id: AgentID, reason: String) async throws {
        let now = clock.now
        guard try await AgentStore(pool: pool).revoke(id, reason: reason, at: now) else {
            throw FleetError(.notFound, "there is no agent \(id) that could be revoked")
        }
        endAgent(id, at: now)
        guard let agent = directory[id] else { return }
        await store([
            FleetEvent(
                at: now, cluster: agent.cluster, kind: .agentRevoked, severity: .warning, node: agent.node,
                sentence: "Agent on \(agent.node) was revoked.", detail: ["agent": id.description],
                occurrence: id.description)
        ])
    }

    private func endAgent(_ id: AgentID, at now: Timestamp) {
        directory.revoke(id, at: now)
        guard let agent = directory[id] else { return }
        state.withLock { $0.observations[agent.cluster]?.forget(id) }
    }
}
