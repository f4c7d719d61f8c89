internal import FrameCodec
internal import Model
internal import Postgres

/// The SQL of `batch`: rows in, rows out.
struct BatchTable: Sendable {
    /// Longest time between the first and the last scrape of one batch: a batch is one tick of one agent.
    static let longestSpan: Int64 = 600_000
    /// How far an agent's clock may run ahead of ours; Ingest refuses more.
    static let futureTolerance: Int64 = 60_000

    let pool: PostgresPool

    /// Adds rows, in the transaction of `connection`.
    static func insert(_ batches: [AcceptedBatch], on connection: PostgresConnection) async throws {
        let spans = batches.map { accepted in
            accepted.batch.span ?? accepted.batch.header.madeAt...accepted.batch.header.madeAt
        }
        try await connection.execute(
            """
            insert into batch (agent_id, epoch, sequence, received_at, first_at, last_at, digest, body)
            select * from unnest(
                \(batches.map(\.agent)), \(batches.map { Int64($0.batch.header.epoch) }),
                \(batches.map { Int64($0.batch.header.sequence) }), \(batches.map(\.receivedAt)),
                \(spans.map(\.lowerBound.milliseconds)), \(spans.map(\.upperBound.milliseconds)),
                \(batches.map(\.digest)), \(batches.map(\.batch.body)))
            """)
    }

    /// The batches of `agents` with scrapes in `range`, ordered by time, that were received in `receipts`.
    func batches(of agents: [Int32], in range: ClosedRange<Int64>, received receipts: ClosedRange<Int64>) async throws
        -> [StoredBatch]
    {
        try await pool.query(
            """
            select agent_id, received_at, body from batch
            where agent_id = any(\(agents)) and last_at between \(range.lowerBound) and \(range.upperBound)
              and received_at between \(Timestamp(milliseconds: receipts.lowerBound))
                  and \(Timestamp(milliseconds: receipts.upperBound))
            order by last_at
            """
        ).map(Self.decode)
    }

    /// The first and the last scrape in `range` of `agents`' batches that were received in `receipts`; nil if there is
    /// none.
    func span(of agents: [Int32], in range: ClosedRange<Int64>, received receipts: ClosedRange<Int64>) async throws
        -> ClosedRange<Int64>?
    {
        let row = try await pool.query(
            """
            select min(last_at) as first, max(last_at) as last from batch
            where agent_id = any(\(agents)) and last_at between \(range.lowerBound) and \(range.upperBound)
              and received_at between \(Timestamp(milliseconds: receipts.lowerBound))
                  and \(Timestamp(milliseconds: receipts.upperBound))
            """
        ).first
        guard let first: Int64 = try row?["first"], let last: Int64 = try row?["last"] else { return nil }
        return first...last
    }

    /// Everything of `agents` in one partition.
    func batches(of agents: [Int32], inPartition name: String, on connection: PostgresConnection) async throws
        -> [StoredBatch]
    {
        try await connection.query(
            "select agent_id, received_at, body from \(unsafe: name) where agent_id = any(\(agents))"
        ).map(Self.decode)
    }

    /// The batches received after `start` and at or before `end`.
    func batches(receivedAfter start: Int64, through end: Int64) async throws -> [StoredBatch] {
        try await pool.query(
            """
            select agent_id, received_at, body from batch
            where received_at > \(Timestamp(milliseconds: start)) and received_at <= \(Timestamp(milliseconds: end))
            order by received_at
            """
        ).map(Self.decode)
    }

    /// The keyframes `wanted`, as far as their batches still exist.
    func keyframes(_ wanted: Set<KeyframeKey>) async throws -> [KeyframeKey: Scrape] {
        guard !wanted.isEmpty else { return [:] }
        return try await pool.withConnection { try await Self.keyframes(wanted, on: $0) }
    }

    /// The same, on `connection`.
    static func keyframes(_ wanted: Set<KeyframeKey>, on connection: PostgresConnection) async throws
        -> [KeyframeKey: Scrape]
    {
        guard !wanted.isEmpty else { return [:] }
        let keys = Array(wanted)
        let batches = try await connection.query(
            """
            select b.agent_id, b.received_at, b.body
            from batch b
            join unnest(\(keys.map(\.agent)), \(keys.map { Int64($0.epoch) }),
                \(keys.map { Int64($0.sequence) })) as k (agent_id, epoch, sequence)
              on b.agent_id = k.agent_id and b.epoch = k.epoch and b.sequence = k.sequence
            """
        ).map(decode)
        return batches.flatMap(\.scrapes).keyframes
    }

    /// The keyframes that `batches` build on: those among them, and those in earlier ones.
    static func keyframes(under batches: [StoredBatch], on connection: PostgresConnection) async throws
        -> [KeyframeKey: Scrape]
    {
        let scrapes = batches.flatMap(\.scrapes)
        let own = scrapes.keyframes
        let missing = Set(scrapes.map(\.keyframeKey)).filter { own[$0] == nil }
        return own.merging(try await keyframes(missing, on: connection)) { mine, _ in mine }
    }

    private static func decode(_ row: Row) throws -> StoredBatch {
        let receivedAt: Timestamp = try row["received_at"]
        return StoredBatch(
            agent: try row["agent_id"], receivedAt: receivedAt.milliseconds, batch: try Batch.decode(try row["body"]))
    }
}

extension [Scrape] {
    /// The keyframes among them.
    var keyframes: [KeyframeKey: Scrape] {
        Dictionary(filter(\.isKeyframe).map { ($0.keyframeKey, $0) }) { $1 }
    }
}
