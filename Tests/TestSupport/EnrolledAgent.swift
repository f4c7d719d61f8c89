public import Postgres

/// The rows of an enrolled agent, without an enrolment.
public struct EnrolledAgent: Sendable {
    /// Its number in the tables.
    public let row: Int32
    /// Its id, 16 bytes.
    public let uid: [UInt8]

    /// Enrols the agent of `node` in `cluster`, each made if it is new, with a key that nobody has.
    public init(node: String, cluster: String, in pool: PostgresPool) async throws {
        uid = (0..<16).map { _ in UInt8.random(in: 0...255) }
        let key = (0..<32).map { _ in UInt8.random(in: 0...255) }
        try await pool.execute("insert into cluster (name) values (\(cluster)) on conflict do nothing")
        try await pool.execute(
            """
            insert into node (cluster_id, name) select id, \(node) from cluster where name = \(cluster)
            on conflict do nothing
            """)
        let rows = try await pool.query(
            """
            insert into agent (uid, node_id, public_key)
            select \(uid), n.id, \(key) from node n join cluster c on c.id = n.cluster_id
            where n.name = \(node) and c.name = \(cluster) returning id
            """)
        row = try rows[0]["id"]
    }
}
