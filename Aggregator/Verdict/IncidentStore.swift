internal import AsyncSupport
public import Model
public import Postgres
internal import Synchronization

/// A time in which something was wrong with a cluster, with the best verdict that was found meanwhile.
public struct Incident: Sendable {
    public var id: Int64
    /// The cluster's name.
    public var cluster: String
    public var began: Timestamp
    /// When it was last seen.
    public var lastSeen: Timestamp
    /// nil while it lasts.
    public var ended: Timestamp?
    /// A JSON object, as `Verdict.json` has it.
    public var verdict: String
}

/// Incidents in PostgreSQL: one open per cluster, whichever aggregator sees it.
public final class IncidentStore: Sendable {
    /// Without symptoms for so long it is over.
    static let quietFor = Duration.seconds(120)
    private static let keptFor = Duration.seconds(400 * 86_400)

    private let pool: PostgresPool
    /// Clusters that may have an open one: those that had one at the start too.
    private let open = Mutex<Set<String>?>(nil)

    /// The store of `pool`'s database.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Notes what was found of `cluster` at `now`, nothing if `verdict` is nil.
    func keep(_ verdict: Verdict?, of cluster: String, at now: Timestamp) async throws {
        if let verdict {
            try await extend(with: verdict, at: now)
            open.withLock { _ = $0?.insert(cluster) }
        } else if try await openClusters().contains(cluster) {
            try await end(cluster, at: now)
        }
    }

    private func openClusters() async throws -> Set<String> {
        if let known = open.withLock({ $0 }) { return known }
        let rows = try await pool.query(
            "select c.name from incident i join cluster c on c.id = i.cluster_id where i.ended_at is null")
        let names = Set(try rows.map { try $0["name", as: String.self] })
        return open.withLock { open in
            open = (open ?? []).union(names)
            return open ?? []
        }
    }

    private func extend(with verdict: Verdict, at now: Timestamp) async throws {
        try await pool.execute(
            """
            insert into incident as i (cluster_id, began_at, last_seen_at, strength, verdict)
            select c.id, \(now), \(now), \(Int32(verdict.strength)), \(verdict.json)::jsonb
            from cluster c where c.name = \(verdict.cluster)
            on conflict (cluster_id) where ended_at is null do update set
                last_seen_at = greatest(i.last_seen_at, excluded.last_seen_at),
                strength = greatest(i.strength, excluded.strength),
                verdict = case when excluded.strength >= i.strength then excluded.verdict else i.verdict end
            """)
    }

    private func end(_ cluster: String, at now: Timestamp) async throws {
        let ended = try await pool.execute(
            """
            update incident i set ended_at = i.last_seen_at from cluster c
            where c.id = i.cluster_id and c.name = \(cluster) and i.ended_at is null
              and i.last_seen_at < \(now - Self.quietFor)
            """)
        if ended > 0 { try await pool.execute("delete from incident where ended_at < \(now - Self.keptFor)") }
        let isStillOpen = try await pool.query(
            """
            select 1 as one from incident i join cluster c on c.id = i.cluster_id
            where c.name = \(cluster) and i.ended_at is null
            """)
        if isStillOpen.isEmpty { open.withLock { _ = $0?.remove(cluster) } }
    }

    /// Incidents of `cluster`, or of all, newest first.
    ///
    /// - Parameter before: only those with smaller ids.
    public func incidents(cluster: String?, before: Int64?, limit: Int) async throws -> [Incident] {
        try await pool.query(
            """
            select i.id, c.name, i.began_at, i.last_seen_at, i.ended_at, i.verdict::text as verdict
            from incident i join cluster c on c.id = i.cluster_id
            where (\(cluster)::text is null or c.name = \(cluster)) and (\(before)::bigint is null or i.id < \(before))
            order by i.id desc limit \(Int32(limit))
            """
        ).map(Self.read)
    }

    /// One of them; nil if there is none.
    public func incident(_ id: Int64) async throws -> Incident? {
        try await pool.query(
            """
            select i.id, c.name, i.began_at, i.last_seen_at, i.ended_at, i.verdict::text as verdict
            from incident i join cluster c on c.id = i.cluster_id where i.id = \(id)
            """
        ).map(Self.read).first
    }

    private static func read(_ row: Row) throws -> Incident {
        Incident(
            id: try row["id"], cluster: try row["name"], began: try row["began_at"], lastSeen: try row["last_seen_at"],
            ended: try row["ended_at"], verdict: try row["verdict"])
    }
}
