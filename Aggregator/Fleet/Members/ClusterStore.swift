internal import AgentProtocol
internal import Model
internal import Postgres

/// The SQL of clusters and of opinions on their members.
struct ClusterStore: Sendable {
    let pool: PostgresPool

    /// A cluster's row.
    struct Cluster: Sendable {
        var number: Int32
        var name: String
        var maintenanceUntil: Timestamp?
    }

    func clusters() async throws -> [Cluster] {
        try await pool.query("select id, name, maintenance_until from cluster order by name").map { row in
            Cluster(
                number: try row["id"], name: try row["name"], maintenanceUntil: try row["maintenance_until"])
        }
    }

    func setMaintenance(_ cluster: String, until: Timestamp?) async throws -> Bool {
        try await pool.execute("update cluster set maintenance_until = \(until) where name = \(cluster)") == 1
    }

    /// Deletes `cluster` with its nodes, agents, opinions, events and all else that belongs to it.
    ///
    /// - Returns: false if there is none.
    func delete(_ cluster: String) async throws -> Bool {
        try await pool.execute("delete from cluster where name = \(cluster)") == 1
    }

    /// The latest opinions, of agents that are not revoked.
    func opinions(of agents: [Int32: AgentRecord]) async throws -> [MemberOpinion] {
        let rows = try await pool.query(
            """
            select o.agent_id, o.source, o.instance, o.observed_at, o.received_at, o.state::text as state
            from member_opinion o join agent a on a.id = o.agent_id where a.revoked_at is null
            """)
        return try rows.compactMap { row in
            let text: String = try row["state"]
            // A state that an older version wrote is worth nothing, but must not keep this one from starting.
            guard let agent = agents[try row["agent_id"]], let state = try? MemberState(json: Array(text.utf8)) else {
                return nil
            }
            return MemberOpinion(
                key: MemberOpinion.Key(agent: agent.id, source: try row["source"]), cluster: agent.cluster,
                node: agent.node, instance: try row["instance"], observedAt: try row["observed_at"],
                receivedAt: try row["received_at"], state: state)
        }
    }

    /// Writes `opinions` of the agents with these row numbers, and the etcd cluster ids that they show.
    func save(_ opinions: [(agent: AgentRecord, opinion: MemberOpinion)]) async throws {
        guard !opinions.isEmpty else { return }
        try await pool.execute(
            """
            insert into member_opinion as o (agent_id, source, instance, observed_at, received_at, state)
            select s.agent, s.source, s.instance, s.observed, s.received, s.state::jsonb
            from unnest(\(opinions.map(\.agent.number)), \(opinions.map(\.opinion.key.source)),
                \(opinions.map(\.opinion.instance)),
                \(opinions.map(\.opinion.observedAt)), \(opinions.map(\.opinion.receivedAt)),
                \(opinions.map { String(decoding: $0.opinion.state.json, as: UTF8.self) }))
                as s(agent, source, instance, observed, received, state)
            on conflict (agent_id, source) do update set instance = excluded.instance,
                observed_at = excluded.observed_at, received_at = excluded.received_at, state = excluded.state
            where o.observed_at < excluded.observed_at
            """)
        let seen = opinions.compactMap { entry in
            entry.opinion.state.clusterID.map { (entry.agent.clusterNumber, $0.description, entry.opinion.observedAt) }
        }
        guard !seen.isEmpty else { return }
        try await pool.execute(
            """
            insert into cluster_etcd_id as i (cluster_id, etcd_id, first_seen_at, last_seen_at)
            select s.cluster, s.etcd_id, min(s.at), max(s.at)
            from unnest(\(seen.map(\.0)), \(seen.map(\.1)), \(seen.map(\.2))) as s(cluster, etcd_id, at)
            group by s.cluster, s.etcd_id
            on conflict (cluster_id, etcd_id) do update
                set last_seen_at = greatest(i.last_seen_at, excluded.last_seen_at)
            """)
    }
}
