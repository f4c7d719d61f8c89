internal import Model
internal import Postgres

/// A day of a cluster's health in quarters of an hour: the worst status of each. Pure.
struct HealthHistory: Hashable, Sendable {
    /// A quarter of an hour, in milliseconds.
    static let cellMilliseconds: Int64 = 900_000
    /// A day.
    static let cellCount: Int64 = 96

    private var cells: [Int64: HealthStatus] = [:]

    init() {}

    /// The start of the cell that holds `instant`.
    static func cell(of instant: Timestamp) -> Int64 {
        instant.milliseconds - ((instant.milliseconds % cellMilliseconds) + cellMilliseconds) % cellMilliseconds
    }

    /// Notes `status` at `now`; forgets what is older than a day.
    ///
    /// - Returns: whether the cell changed.
    mutating func note(_ status: HealthStatus, at now: Timestamp) -> Bool {
        let cell = Self.cell(of: now)
        let before = cells[cell]
        guard before.map({ $0 < status }) ?? true else { return false }
        cells[cell] = status
        cells = cells.filter { $0.key > cell - Self.cellCount * Self.cellMilliseconds }
        return true
    }

    /// The last 96 cells, oldest first; `unknown` where nothing was noted.
    func cells(at now: Timestamp) -> [ClusterSummary.HistoryCell] {
        let last = Self.cell(of: now)
        return (0..<Self.cellCount).map { back in
            let at = last - (Self.cellCount - 1 - back) * Self.cellMilliseconds
            return ClusterSummary.HistoryCell(at: at, status: cells[at] ?? .unknown)
        }
    }
}

/// The SQL of health cells.
struct HealthHistoryStore: Sendable {
    let pool: PostgresPool

    func load(since instant: Timestamp) async throws -> [String: HealthHistory] {
        let rows = try await pool.query(
            """
            select c.name, h.at, h.status from health_cell h join cluster c on c.id = h.cluster_id
            where h.at >= \(instant) order by h.at
            """)
        var histories: [String: HealthHistory] = [:]
        for row in rows {
            guard let status = HealthStatus(rawValue: try row["status"]) else { continue }
            _ = histories[try row["name"], default: HealthHistory()].note(status, at: try row["at"])
        }
        return histories
    }

    /// Writes the cell of `now` for these clusters, by row number.
    func save(_ statuses: [(cluster: Int32, status: HealthStatus)], at now: Timestamp) async throws {
        guard !statuses.isEmpty else { return }
        let cell = Timestamp(milliseconds: HealthHistory.cell(of: now))
        try await pool.execute(
            """
            insert into health_cell (cluster_id, at, status)
            select s.cluster, \(cell), s.status
            from unnest(\(statuses.map(\.cluster)), \(statuses.map(\.status.rawValue))) as s(cluster, status)
            on conflict (cluster_id, at) do update set status = excluded.status
            """)
    }
}
