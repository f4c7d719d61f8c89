internal import Cryptography
public import Logging
public import Model
public import Postgres
public import ServiceLifecycle
internal import Synchronization

/// The record of administrative actions, done and refused: append-only, each entry hashed onto the one before.
///
/// Appending takes an advisory lock until its transaction commits, so the chain is linear over all aggregators.
/// As a service it records the refusals of strangers, summed up, once a minute and at the end.
public final class AuditLog: Service {
    private let pool: PostgresPool
    private let clock: WallClock
    private let logger: Logger
    private let strangers = Mutex(StrangerCounts())

    /// The log in the database of `pool`.
    public init(pool: PostgresPool, clock: WallClock = .system, logger: Logger) {
        self.pool = pool
        self.clock = clock
        self.logger = logger
    }

    /// Records `event` in a transaction of its own.
    ///
    /// - Returns: the entry's sequence number.
    @discardableResult
    public func append(_ event: AuditEvent) async throws -> Int64 {
        try await pool.transaction { try await self.append(event, in: $0) }
    }

    /// Records `event` as part of the caller's transaction: what is recorded is done, and what is done is recorded.
    ///
    /// Call it last in the transaction: all other appenders wait from here to its end.
    @discardableResult
    public func append(_ event: AuditEvent, in connection: PostgresConnection) async throws -> Int64 {
        try await connection.lockUntilCommit("audit chain")
        guard let head = try await connection.query("select sequence, hash from audit_head").first else {
            throw AccessError(.invalid, "the audit log has lost its head; restore the database from a backup")
        }
        let previous: Int64 = try head["sequence"]
        let sequence = previous + 1
        let at = clock.now
        let hash = AuditChain.hash(after: try head["hash"], sequence: sequence, at: at, event: event)
        try await connection.execute(
            """
            with entry as (
                insert into audit_entry (sequence, at, actor, address, action, object, cluster, outcome, reason, hash)
                values (\(sequence), \(at), \(event.actor), \(event.address), \(event.action), \(event.object),
                        \(event.cluster), \(event.outcome.rawValue), \(event.reason), \(hash))
                returning sequence, hash)
            update audit_head set sequence = entry.sequence, hash = entry.hash from entry
            """)
        return sequence
    }

    /// Counts a refused request of someone unknown; recorded once a minute by source and reason, bounded.
    public func count(stranger source: String, reason: String) {
        strangers.withLock { $0.count(source: source, reason: reason) }
    }

    /// Records what was counted since the last time.
    public func recordStrangers() async throws {
        for event in strangers.withLock({ $0.drain() }) { try await append(event) }
    }

    /// Entries before `before` (nil: the newest), newest first.
    ///
    /// - Parameters:
    ///   - limit: 1 to 1,000.
    ///   - cluster: only those of this cluster; nil for all.
    ///   - action: only those of this action; nil for all.
    public func list(
        before: Int64? = nil, limit: Int = 100, cluster: String? = nil, action: String? = nil
    ) async throws -> [AuditEntry] {
        let rows = try await pool.query(
            """
            select sequence, at, actor, address, action, object, cluster, outcome, reason, hash from audit_entry
            where (\(before)::bigint is null or sequence < \(before))
              and (\(cluster)::text is null or cluster = \(cluster))
              and (\(action)::text is null or action = \(action))
            order by sequence desc limit \(min(max(limit, 1), 1000))
            """)
        return try rows.map(AuditEntry.init(row:))
    }

    /// Walks the whole chain and names the first entry that does not fit.
    public func verify() async throws -> AuditVerification {
        try await pool.transaction(level: .repeatableRead) { connection in
            guard let head = try await connection.query("select sequence, hash from audit_head").first else {
                return .broken(AuditBreak(sequence: 1, problem: "the chain's head is missing"))
            }
            var walk = AuditWalk()
            while true {
                let rows = try await connection.query(
                    """
                    select sequence, at, actor, address, action, object, cluster, outcome, reason, hash
                    from audit_entry where sequence > \(walk.sequence) order by sequence limit 1000
                    """)
                for row in rows {
                    if let problem = walk.take(try AuditEntry(row: row)) { return .broken(problem) }
                }
                if rows.count < 1000 { break }
            }
            if let problem = walk.end(head: (try head["sequence"], try head["hash"])) { return .broken(problem) }
            return .intact(entries: walk.sequence, head: Hex.encode(walk.hash))
        }
    }

    /// Records strangers once a minute, and once more when the program stops.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Cancelled is how the wait ends at shutdown; the counts are recorded all the same.
                try? await Task.sleep(for: .seconds(60))
                await self.recordStrangersOrLog()
            }
        }
    }

    private func recordStrangersOrLog() async {
        do {
            // A task of its own: at shutdown this one is cancelled, and cancelled statements write nothing.
            try await Task { try await self.recordStrangers() }.value
        } catch {
            logger.warning("refusals of strangers were not recorded", metadata: ["error": "\(error)"])
        }
    }
}

extension AuditEntry {
    fileprivate init(row: Row) throws {
        let outcome: String = try row["outcome"]
        var event = AuditEvent(
            actor: try row["actor"], address: try row["address"], action: try row["action"],
            object: try row["object"], cluster: try row["cluster"], reason: try row["reason"])
        // An outcome that is none of ours cannot have been written by us: the hash will tell.
        event.outcome = AuditEvent.Outcome(rawValue: outcome) ?? .failed
        self.init(sequence: try row["sequence"], at: try row["at"], event: event, hash: try row["hash"])
    }
}
