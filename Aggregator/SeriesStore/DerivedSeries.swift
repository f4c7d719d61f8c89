internal import Cryptography
internal import FrameCodec
internal import Model
internal import Postgres

/// Series that the aggregator makes itself: alerts, recordings, its own metrics. They take the way of all others, as
/// batches of an agent that is the aggregator, one stream per source; so they survive a restart and read alike.
actor DerivedSeries {
    /// The aggregator's row in `agent`: no host has the id of sixteen zeros.
    static let ownUID = [UInt8](repeating: 0, count: 16)

    fileprivate struct Stream {
        var board = SampleBoard()
        var encoder: StreamEncoder
        let epoch: UInt64
        var sequence: UInt64 = 0
        /// When everything was said anew.
        var restartedAt: Timestamp?
    }

    /// How long rounds build on what was said before: as long as twelve of them take.
    private static let keyframeAge: Duration = .seconds(60)

    /// A board keeps each series it ever had; beyond so many mostly dead ones it is begun anew.
    private static let boardLimit = 2000

    private let pool: PostgresPool
    private let clock: WallClock
    private var own: (row: Int32, id: AgentID)?
    private var streams: [String: Stream] = [:]

    init(pool: PostgresPool, clock: WallClock) {
        self.pool = pool
        self.clock = clock
    }

    /// The round as a batch, to be written.
    func encode(
        _ samples: [(labels: Labels, value: Double)], source: String, at: Timestamp
    ) async throws -> AcceptedBatch {
        let own = try await ownAgent()
        var stream = streams[source] ?? makeStream(source, own.id)
        if at - (stream.restartedAt ?? at) >= Self.keyframeAge {
            // Rounds may be minutes apart, and keyframes leave the table some minutes after they came.
            stream.encoder.restart()
            stream.restartedAt = at
        }
        stream.restartedAt = stream.restartedAt ?? at
        stream.sequence += 1
        stream.set(samples, limit: Self.boardLimit)
        stream.encoder.begin(
            BatchSlot(epoch: stream.epoch, sequence: stream.sequence, startsSegment: false), madeAt: at)
        stream.encoder.add(stream.board, source: 0, at: at)
        let encoded = try stream.encoder.finish()
        streams[source] = stream
        let body = try Compression.decompress(encoded.body, limit: CodecLimits().bodyBytes)
        return AcceptedBatch(
            agent: own.row, receivedAt: clock.now, digest: SHA256.digest(body), batch: try Batch.decode(body))
    }

    /// The round was not stored: nothing may build on it.
    func forget(source: String) {
        streams[source]?.encoder.restart()
    }

    private func makeStream(_ source: String, _ id: AgentID) -> Stream {
        let random = SecureRandom.bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // The interval only bounds how much of the table is read at a time: rounds come when rules are evaluated.
        let descriptor = SourceDescriptor(kind: .aggregator, name: source, interval: .seconds(5))
        return Stream(
            encoder: StreamEncoder(agent: id, sources: [descriptor]), epoch: max(1, random >> 1))
    }

    private func ownAgent() async throws -> (row: Int32, id: AgentID) {
        if let own { return own }
        try await pool.execute(
            "insert into agent (uid, kind) values (\(Self.ownUID), 'aggregator') on conflict (uid) do nothing")
        let rows = try await pool.query("select id from agent where uid = \(Self.ownUID)")
        guard let row: Int32 = try rows.first?["id"], let id = AgentID(bytes: Self.ownUID) else {
            throw PostgresError(.decoding, "the aggregator's own row in agent is missing")
        }
        own = (row, id)
        return (row, id)
    }
}

extension DerivedSeries.Stream {
    fileprivate mutating func set(_ samples: [(labels: Labels, value: Double)], limit: Int) {
        if board.series.count > max(limit, 2 * samples.count) { board = SampleBoard() }
        board.begin()
        for sample in samples {
            let family = board.family(sample.labels.metric, .gauge)
            board.set(board.number(of: sample.labels, family: family), to: sample.value)
        }
        board.end()
    }
}
