internal import Cryptography
internal import FrameCodec
internal import Model
internal import Postgres

/// The aggregator as an agent of its own: the row in `agent` under which its series stand.
actor OwnAgent {
    /// The uid of that row: no host has the id of sixteen zeros.
    static let uid = [UInt8](repeating: 0, count: 16)

    private let pool: PostgresPool
    private var known: (row: Int32, id: AgentID)?

    init(pool: PostgresPool) { self.pool = pool }

    /// The row and the id; makes the row if need be.
    func get() async throws -> (row: Int32, id: AgentID) {
        if let known { return known }
        try await pool.execute(
            "insert into agent (uid, kind) values (\(Self.uid), 'aggregator') on conflict (uid) do nothing")
        let rows = try await pool.query("select id from agent where uid = \(Self.uid)")
        guard let row: Int32 = try rows.first?["id"], let id = AgentID(bytes: Self.uid) else {
            throw PostgresError(.decoding, "the aggregator's own row in agent is missing")
        }
        known = (row, id)
        return (row, id)
    }
}

/// A stream of batches of one source of the aggregator's own.
struct OwnStream: Sendable {
    /// How long rounds build on what was said before: as long as twelve of them take.
    private static let keyframeAge: Duration = .seconds(60)
    /// A board keeps each series it ever had; beyond so many mostly dead ones it is begun anew.
    private static let boardLimit = 2000

    var encoder: StreamEncoder
    private var board = SampleBoard()
    private let epoch: UInt64
    private var sequence: UInt64 = 0
    /// When everything was said anew.
    private var restartedAt: Timestamp?

    /// Series on its board, those that ended included.
    var seriesCount: Int { board.series.count }

    init(_ source: String, _ agent: AgentID) {
        let random = SecureRandom.bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // The interval only bounds how much of the table is read at a time: rounds come when they come.
        let descriptor = SourceDescriptor(kind: .aggregator, name: source, interval: .seconds(5))
        encoder = StreamEncoder(agent: agent, sources: [descriptor])
        epoch = max(1, random >> 1)
    }

    /// The round `at` an instant, which `fill` sets on the board, as a batch of the agent `row`, to be written.
    mutating func encode(
        _ at: Timestamp, madeAt now: Timestamp, _ row: Int32, fill: (inout SampleBoard) -> Void
    ) throws -> AcceptedBatch {
        if now - (restartedAt ?? now) >= Self.keyframeAge {
            // Rounds may be minutes apart, and keyframes leave the table some minutes after they came.
            encoder.restart()
            restartedAt = now
        }
        restartedAt = restartedAt ?? now
        sequence += 1
        board.begin()
        fill(&board)
        board.end()
        let present = board.values.count { !$0.isStale }
        if board.series.count > max(Self.boardLimit, 2 * present) {
            board = SampleBoard()
            board.begin()
            fill(&board)
            board.end()
        }
        encoder.begin(BatchSlot(epoch: epoch, sequence: sequence, startsSegment: false), madeAt: now)
        encoder.add(board, source: 0, at: at)
        let body = try Compression.decompress(encoder.finish().body, limit: CodecLimits().bodyBytes)
        return AcceptedBatch(
            agent: row, receivedAt: now, digest: SHA256.digest(body), batch: try Batch.decode(body))
    }
}
