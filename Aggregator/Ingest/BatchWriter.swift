internal import FrameCodec
internal import Fleet
internal import Model
internal import Postgres
internal import SeriesStore

/// Writes a group of batches in one transaction.
struct BatchWriter: Sendable {
    /// What became of one batch.
    enum Outcome: Sendable, Equatable {
        /// It is stored now.
        case stored
        /// It was stored before, with the same content.
        case repeated
        /// It was stored before and became blocks, and says what later batches build on: stored again for them.
        case renewed
        /// Its number was stored before, with other content.
        case conflicting
    }

    let pool: PostgresPool
    let store: SeriesStore

    /// Stores what is new of `group`, and shows it to queries.
    ///
    /// - Returns: one outcome for each, after COMMIT.
    /// - Throws: `PostgresError`, and then nothing was stored, unless the connection was lost at COMMIT.
    func write(_ group: [VerifiedUpload]) async throws -> [Outcome] {
        let (outcomes, written) = try await pool.transaction(attempts: 3) { connection in
            var outcomes = try await Self.classify(group, on: connection)
            Self.findRepetitions(within: group, &outcomes)
            let rows = zip(group, outcomes).filter { $0.1 == .stored || $0.1 == .renewed }.map(\.0)
            guard !rows.isEmpty else { return (outcomes, nil as WrittenBatches?) }
            let written = try await store.write(rows.map(\.accepted), on: connection)
            try await Self.extendLedger(zip(group, outcomes).filter { $0.1 == .stored }.map(\.0), on: connection)
            return (outcomes, written)
        }
        if let written { store.apply(committed: written) }
        return outcomes
    }

    /// Locks the ledger of each stream and looks every number up.
    private static func classify(
        _ group: [VerifiedUpload], on connection: PostgresConnection
    ) async throws -> [Outcome] {
        let (agents, epochs, sequences) = keys(group)
        try await connection.execute(
            """
            insert into ledger (agent_id, epoch)
            select distinct agent, epoch from unnest(\(agents), \(epochs)) as s(agent, epoch) order by agent, epoch
            on conflict do nothing
            """)
        let rows = try await connection.query(
            """
            select s.number, l.ranges @> s.sequence as known
            from unnest(\(agents), \(epochs), \(sequences)) with ordinality as s(agent, epoch, sequence, number)
            join ledger l on l.agent_id = s.agent and l.epoch = s.epoch
            order by l.agent_id, l.epoch for update of l
            """)
        var outcomes = [Outcome](repeating: .stored, count: group.count)
        var known: [Int] = []
        for row in rows where try row["known"] { known.append(try row["number", as: Int.self] - 1) }
        guard !known.isEmpty else { return outcomes }
        let digests = try await digests(of: known.map { group[$0] }, on: connection)
        for index in known {
            if let digest = digests[Key(group[index])] {
                outcomes[index] = digest == group[index].digest ? .repeated : .conflicting
            } else {
                // Batches leave the table as blocks; then the number alone says that it was here.
                outcomes[index] = group[index].batch.keyframes.contains { _ in true } ? .renewed : .repeated
            }
        }
        return outcomes
    }

    private struct Key: Hashable {
        var agent: Int32
        var epoch: UInt64
        var sequence: UInt64

        init(_ upload: VerifiedUpload) {
            (agent, epoch) = (upload.agent.number, upload.batch.header.epoch)
            sequence = upload.batch.header.sequence
        }
    }

    private static func keys(_ group: [VerifiedUpload]) -> (agents: [Int32], epochs: [Int64], sequences: [Int64]) {
        (
            group.map(\.agent.number), group.map { Int64(bitPattern: $0.batch.header.epoch) },
            group.map { Int64(bitPattern: $0.batch.header.sequence) }
        )
    }

    private static func digests(
        of group: [VerifiedUpload], on connection: PostgresConnection
    ) async throws -> [Key: [UInt8]] {
        let (agents, epochs, sequences) = keys(group)
        let rows = try await connection.query(
            """
            select s.number, b.digest
            from unnest(\(agents), \(epochs), \(sequences)) with ordinality as s(agent, epoch, sequence, number)
            join batch b on b.agent_id = s.agent and b.epoch = s.epoch and b.sequence = s.sequence
            """)
        var digests: [Key: [UInt8]] = [:]
        for row in rows { digests[Key(group[try row["number", as: Int.self] - 1])] = try row["digest"] }
        return digests
    }

    /// The same number twice in one group: the first counts.
    private static func findRepetitions(within group: [VerifiedUpload], _ outcomes: inout [Outcome]) {
        var first: [Key: [UInt8]] = [:]
        for (index, upload) in group.enumerated() where outcomes[index] == .stored || outcomes[index] == .renewed {
            if let digest = first[Key(upload)] {
                outcomes[index] = digest == upload.digest ? .repeated : .conflicting
            } else {
                first[Key(upload)] = upload.digest
            }
        }
    }

    private static func extendLedger(_ new: [VerifiedUpload], on connection: PostgresConnection) async throws {
        guard !new.isEmpty else { return }
        let (agents, epochs, sequences) = keys(new)
        try await connection.execute(
            """
            update ledger l set ranges = l.ranges + s.ranges
            from (select agent, epoch, range_agg(int8range(sequence, sequence, '[]')) as ranges
                  from unnest(\(agents), \(epochs), \(sequences)) as u(agent, epoch, sequence) group by 1, 2) s
            where l.agent_id = s.agent and l.epoch = s.epoch
            """)
    }
}

extension VerifiedUpload {
    /// As the store takes it.
    fileprivate var accepted: AcceptedBatch {
        AcceptedBatch(agent: agent.number, receivedAt: receivedAt, digest: digest, batch: batch)
    }
}
