internal import FrameCodec
internal import Model
internal import Postgres
internal import SeriesStore
internal import TestSupport

/// An enrolled agent of one member, whose scrapes are recorded ones.
struct RecordedAgent {
    private let row: Int32
    private var encoder: StreamEncoder
    private let epoch = UInt64.random(in: 1...UInt64(Int64.max))
    private var sequence: UInt64 = 0

    /// Enrols the agent of `node` in `cluster`, which scrapes every `interval`.
    init(
        _ node: String, cluster: String, every interval: Duration = .seconds(5), in pool: PostgresPool
    ) async throws {
        let enrolled = try await EnrolledAgent(node: node, cluster: cluster, in: pool)
        guard let id = AgentID(bytes: enrolled.uid) else { throw BenchError(message: "an agent without an id") }
        row = enrolled.row
        encoder = StreamEncoder(
            agent: id, sources: [SourceDescriptor(kind: .etcd, name: "m", port: 2379, interval: interval)])
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
