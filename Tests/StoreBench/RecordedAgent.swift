internal import FrameCodec
internal import Model
internal import Postgres
internal import SeriesStore

/// An enrolled agent of one member, whose scrapes are recorded ones.
struct RecordedAgent {
    private let row: Int32
    private var encoder: StreamEncoder
    private let epoch = UInt64.random(in: 1...UInt64(Int64.max))
    private var sequence: UInt64 = 0

    /// Enrols the agent of `node` in `cluster`.
    init(_ node: String, cluster: String, in pool: PostgresPool) async throws {
        let uid = (0..<16).map { _ in UInt8.random(in: 0...255) }
        let key = (0..<32).map { _ in UInt8.random(in: 0...255) }
        try await pool.execute("insert into cluster (name) values (\(cluster)) on conflict do nothing")
        try await pool.execute(
            "insert into node (cluster_id, name) select id, \(node) from cluster where name = \(cluster)")
        let rows = try await pool.query(
            """
            insert into agent (uid, node_id, public_key)
            select \(uid), n.id, \(key) from node n join cluster c on c.id = n.cluster_id
            where n.name = \(node) and c.name = \(cluster) returning id
            """)
        guard let row = rows.first, let id = AgentID(bytes: uid) else { throw BenchError(message: "no agent") }
        self.row = try row["id"]
        encoder = StreamEncoder(
            agent: id, sources: [SourceDescriptor(kind: .etcd, name: "m", port: 2379, interval: .seconds(5))])
    }

    /// The next batch: `board`, scraped at `instant`.
    mutating func batch(_ board: SampleBoard, at instant: Timestamp) throws -> AcceptedBatch {
        sequence += 1
        encoder.begin(BatchSlot(epoch: epoch, sequence: sequence, startsSegment: sequence == 1), madeAt: instant)
        encoder.add(board, source: 0, at: instant)
        let body = try Compression.decompress(encoder.finish().body, limit: 8 << 20)
        return AcceptedBatch(
            agent: row, receivedAt: instant, digest: [UInt8](repeating: 0, count: 32), batch: try Batch.decode(body))
    }
}

struct BenchError: Error {
    var message: String
}
