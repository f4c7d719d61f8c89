internal import JSON
internal import Model
internal import Postgres

/// What the ledger tells those who ask.
extension DeliveryLedger {
    private static let columns: SQL = """
        d.id, d.channel, d.instead_of, d.status, d.attempts, d.created_at, d.finished_at, d.next_attempt_at,
        d.last_code, d.last_error, d.latency_ms, d.notification_id, n.route,
        (n.content -> 'groupLabels')::text as group_labels, jsonb_array_length(n.content -> 'alerts') as alerts,
        case when n.content ? 'acknowledgedBy' then 'acknowledged'
            when n.content -> 'alerts' @> '[{"state": "firing"}]' then 'firing' else 'resolved' end as subject
        """
    private static let tables: SQL = "from delivery d join notification n on n.id = d.notification_id"

    /// The latest delivery on each channel for each of `fingerprints`.
    func latest(of fingerprints: [String]) async throws -> [String: [DeliveryRecord]] {
        let rows = try await pool.query(
            "select distinct on (a.fingerprint, d.channel) a.fingerprint, " + Self.columns + """
                 from notification_alert a join delivery d using (notification_id)
                join notification n on n.id = a.notification_id
                where a.fingerprint = any(\(fingerprints)) order by a.fingerprint, d.channel, d.id desc
                """)
        var result: [String: [DeliveryRecord]] = [:]
        for row in rows { result[try row["fingerprint"], default: []].append(try DeliveryRecord(row: row)) }
        return result
    }

    /// Deliveries that `filter` lets through, newest first.
    func list(_ filter: DeliveryFilter, limit: Int) async throws -> [DeliveryRecord] {
        let (status, isRetried): (String?, Bool?) =
            switch filter.status {
            case nil: (nil, nil)
            case .waiting: ("waiting", false)
            case .retrying: ("waiting", true)
            case .delivered: ("delivered", nil)
            case .failed: ("failed", nil)
            }
        let rows = try await pool.query(
            "select " + Self.columns + " " + Self.tables + """
                 where (\(filter.before)::bigint is null or d.id < \(filter.before))
                  and (\(filter.channel)::text is null or d.channel = \(filter.channel))
                  and (\(status)::text is null or d.status = \(status))
                  and (\(isRetried)::boolean is null or (d.attempts > 0) = \(isRetried))
                order by d.id desc limit \(limit)
                """)
        return try rows.map(DeliveryRecord.init(row:))
    }

    /// The delivery `id`; nil if there is none.
    func delivery(_ id: Int64) async throws -> DeliveryRecord? {
        try await pool.query("select " + Self.columns + " " + Self.tables + " where d.id = \(id)")
            .first.map(DeliveryRecord.init(row:))
    }

    /// The attempts at the delivery `id`, oldest first.
    func attempts(of id: Int64) async throws -> [DeliveryAttempt] {
        let rows = try await pool.query(
            """
            select number, started_at, duration_ms, outcome, code, error from delivery_attempt
            where delivery_id = \(id) order by number
            """)
        return try rows.map { row in
            let duration: Int64? = try row["duration_ms"]
            return DeliveryAttempt(
                number: try row["number"], startedAt: try row["started_at"],
                duration: duration.map { .milliseconds($0) }, outcome: try row["outcome"], code: try row["code"],
                error: try row["error"])
        }
    }

    /// How many deliveries wait on each channel.
    func waiting() async throws -> [String: Int] {
        let rows = try await pool.query(
            "select channel, count(*) as count from delivery where status = 'waiting' group by channel")
        return Dictionary(try rows.map { (try $0["channel"], try $0["count"]) }) { first, _ in first }
    }

    /// The newest delivery of each channel that is of `status`; of those that wait, only such as were tried in vain.
    func last(on channels: [String], status: String) async throws -> [String: DeliveryRecord] {
        let rows = try await pool.query(
            "select " + Self.columns + """
                 from unnest(\(channels)) as c (name) cross join lateral (
                    select * from delivery x where x.channel = c.name and x.status = \(status)
                      and (x.status <> 'waiting' or x.last_error is not null)
                    order by x.id desc limit 1) d
                join notification n on n.id = d.notification_id
                """)
        return Dictionary(try rows.map { (try $0["channel"], try DeliveryRecord(row: $0)) }) { first, _ in first }
    }
}

extension DeliveryRecord {
    fileprivate init(row: Row) throws {
        let status: String = try row["status"]
        let attempts: Int = try row["attempts"]
        let latency: Int64? = try row["latency_ms"]
        let finishedAt: Timestamp? = try row["finished_at"]
        self.init(
            id: try row["id"], channel: try row["channel"], insteadOf: try row["instead_of"],
            status: Status(ledger: status, attempts: attempts), attempts: attempts,
            at: try finishedAt ?? row["created_at"],
            nextAttempt: status == "waiting" ? try row["next_attempt_at"] : nil, code: try row["last_code"],
            error: try row["last_error"], latency: latency.map { .milliseconds($0) },
            notification: try row["notification_id"], route: try row["route"],
            groupLabels: Labels(json: try JSONValue(parsing: row["group_labels", as: String.self])),
            subject: Subject(rawValue: try row["subject"]) ?? .firing, alertCount: try row["alerts"])
    }
}
