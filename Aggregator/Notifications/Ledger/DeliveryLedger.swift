internal import JSON
internal import Model
internal import Postgres

/// The tables of groups, notifications and deliveries. All SQL of this room is here; all times are the caller's.
struct DeliveryLedger: Sendable {
    let pool: PostgresPool

    /// Heard by every aggregator when there is something to tell.
    static let wakeChannel = "etcd_monitor_notifications"

    // MARK: Taking in

    /// Puts `alert` into its group on `route`, and sets when the group is told.
    static func enqueue(
        _ alert: Alert, group: GroupIdentity, route: Route, at now: Timestamp, in connection: PostgresConnection
    ) async throws {
        let digest = group.digest(of: alert)
        // The row lock keeps a flush of the same group away until this transaction ends.
        let rows = try await connection.query(
            """
            insert into notification_group (route, group_key, labels, flush_at)
            values (\(route.name), \(group.key), \(json: group.labels.json), 'infinity')
            on conflict (route, group_key) do update set labels = excluded.labels
            returning flush_at, last_sent_at
            """)
        guard let row = rows.first else { return }
        let state = alert.state == .resolved ? "resolved" : "firing"
        let known = try await connection.query(
            """
            select announced from notification_group_alert
            where route = \(route.name) and group_key = \(group.key) and digest = \(digest)
            """)
        try await connection.execute(
            """
            insert into notification_group_alert (route, group_key, digest, alert, state)
            values (\(route.name), \(group.key), \(digest), \(json: alert.json), \(state))
            on conflict (route, group_key, digest) do update set alert = excluded.alert, state = excluded.state
            """)
        let announced: String? = try known.first?["announced"]
        let isNewCritical = alert.state == .firing && alert.labels["severity"] == "critical" && announced != "firing"
        let flush = route.timing.flush(at: now, lastSentAt: try row["last_sent_at"], isNewCritical: isNewCritical)
        try await connection.execute(
            """
            update notification_group set flush_at = least(flush_at, \(flush))
            where route = \(route.name) and group_key = \(group.key)
            """)
    }

    /// Tells all aggregators, once the transaction is committed, that there is something to do.
    static func announce(in connection: PostgresConnection) async throws {
        try await connection.query("select pg_notify(\(wakeChannel), '')::text as sent")
    }

    // MARK: From groups to deliveries

    /// Makes a notification of one group that is due, with a delivery for each channel.
    ///
    /// - Parameter routes: by name; a group of a route that is no longer configured is dropped.
    /// - Returns: false if no group was due.
    func flushOne(_ routes: [String: Route], channels: [String: ChannelConfiguration], at now: Timestamp) async throws
        -> Bool
    {
        try await pool.transaction { connection in
            let due = try await connection.query(
                """
                select route, group_key, labels::text as labels, last_sent_at from notification_group
                where flush_at <= \(now) order by flush_at limit 1 for update skip locked
                """)
            guard let row = due.first else { return false }
            let (routeName, key): (String, String) = (try row["route"], try row["group_key"])
            guard let route = routes[routeName] else {
                try await connection.execute(
                    "delete from notification_group where route = \(routeName) and group_key = \(key)")
                return true
            }
            let labels = Labels(json: try JSONValue(parsing: row["labels", as: String.self]))
            try await Self.flush(
                DueGroup(route: route, key: key, labels: labels, lastSentAt: try row["last_sent_at"]),
                channels: channels, at: now, in: connection)
            return true
        }
    }

    private struct DueGroup {
        var route: Route
        var key: String
        var labels: Labels
        var lastSentAt: Timestamp?
    }

    private static func flush(
        _ group: DueGroup, channels: [String: ChannelConfiguration], at now: Timestamp,
        in connection: PostgresConnection
    ) async throws {
        let rows = try await connection.query(
            """
            select alert::text as alert, state, announced from notification_group_alert
            where route = \(group.route.name) and group_key = \(group.key) order by state, digest
            """)
        let entries = try rows.map { row in
            GroupEntry(
                alert: try Alert(json: JSONValue(parsing: row["alert", as: String.self])), state: try row["state"],
                announced: try row["announced"])
        }
        let plan = FlushPlan(entries, lastSentAt: group.lastSentAt, timing: group.route.timing, at: now)
        if plan.tells {
            let content = NotificationContent(
                route: group.route.name, groupKey: group.key, groupLabels: group.labels, alerts: entries.map(\.alert))
            try await insert(
                content, channels: group.route.channels.compactMap { channels[$0] }, at: now, in: connection)
            try await connection.execute(
                """
                delete from notification_group_alert
                where route = \(group.route.name) and group_key = \(group.key) and state = 'resolved'
                """)
            try await connection.execute(
                """
                update notification_group_alert set announced = state
                where route = \(group.route.name) and group_key = \(group.key)
                """)
        }
        if let next = plan.next {
            try await connection.execute(
                """
                update notification_group set flush_at = \(next), last_sent_at = \(plan.tells ? now : group.lastSentAt)
                where route = \(group.route.name) and group_key = \(group.key)
                """)
        } else {
            try await connection.execute(
                "delete from notification_group where route = \(group.route.name) and group_key = \(group.key)")
        }
    }

    private static func insert(
        _ content: NotificationContent, channels: [ChannelConfiguration], at now: Timestamp,
        in connection: PostgresConnection
    ) async throws {
        let wanted = channels.filter { content.isFiring || $0.sendsResolved }
        guard !wanted.isEmpty else { return }
        let rows = try await connection.query(
            """
            insert into notification (route, group_key, created_at, content)
            values (\(content.route), \(content.groupKey), \(now), \(json: content.json)) returning id
            """)
        guard let row = rows.first else { return }
        let id: Int64 = try row["id"]
        try await connection.execute(
            """
            insert into notification_alert (notification_id, fingerprint, since)
            select \(id), * from unnest(\(content.alerts.map(\.labels.fingerprint)), \(content.alerts.map(\.changedAt)))
            on conflict do nothing
            """)
        try await connection.execute(
            """
            insert into delivery (notification_id, channel, group_key, next_attempt_at, created_at)
            select \(id), name, \(content.route + " " + content.groupKey), \(now), \(now)
            from unnest(\(wanted.map(\.name))) as name
            """)
    }

    /// When the next group is due; nil for none.
    func nextFlush() async throws -> Timestamp? {
        try await pool.query("select min(flush_at) as at from notification_group").first?["at"]
    }

    // MARK: Deliveries

    /// Takes one delivery that is due on `channel` and records that an attempt begins.
    ///
    /// A later one of the same group waits for the earlier: nobody hears of the end before the beginning.
    /// - Parameter lease: after this, another may take it, because whoever took it must have died.
    func claim(channel: String, at now: Timestamp, lease: Duration) async throws -> ClaimedDelivery? {
        try await pool.transaction { connection in
            let rows = try await connection.query(
                """
                with due as (
                    select d.id from delivery d
                    where d.channel = \(channel) and d.status = 'waiting' and d.next_attempt_at <= \(now)
                      and not exists (
                          select 1 from delivery e where e.channel = d.channel and e.group_key = d.group_key
                          and e.status = 'waiting' and e.id < d.id)
                    order by d.next_attempt_at, d.id limit 1 for update skip locked)
                update delivery d set attempts = d.attempts + 1, next_attempt_at = \(now + lease)
                from due, notification n where d.id = due.id and n.id = d.notification_id
                returning d.id, d.attempts, d.created_at, n.id as notification, n.created_at as notified_at,
                    n.content::text as content
                """)
            guard let row = rows.first else { return nil }
            let claimed = ClaimedDelivery(
                id: try row["id"], attempt: try row["attempts"], createdAt: try row["created_at"],
                notification: DueNotification(
                    id: try row["notification"], createdAt: try row["notified_at"],
                    content: try NotificationContent(json: row["content"])))
            try await connection.execute(
                """
                insert into delivery_attempt (delivery_id, number, started_at)
                values (\(claimed.id), \(claimed.attempt), \(now))
                """)
            return claimed
        }
    }

    /// Records how an attempt ended.
    ///
    /// - Parameter next: when it is tried again; nil if it is not.
    func record(
        _ outcome: AttemptOutcome, of claimed: ClaimedDelivery, took: Duration, next: Timestamp?, at now: Timestamp
    ) async throws {
        let status = outcome.result == .delivered ? "delivered" : next == nil ? "failed" : "waiting"
        let finishedAt: Timestamp? = next == nil ? now : nil
        let latency: Int64? = outcome.result == .delivered ? claimed.latency(at: now).milliseconds : nil
        let error = outcome.error.map { String($0.prefix(2000)) }
        try await pool.transaction { connection in
            try await connection.execute(
                """
                update delivery_attempt set duration_ms = \(took.milliseconds), outcome = \(outcome.result.rawValue),
                    code = \(outcome.code.map(Int32.init)), error = \(error)
                where delivery_id = \(claimed.id) and number = \(Int32(claimed.attempt))
                """)
            // Only as the latest attempt: a sender that was thought dead must not overwrite who took over.
            try await connection.execute(
                """
                update delivery set status = \(status), next_attempt_at = coalesce(\(next), next_attempt_at),
                    finished_at = \(finishedAt), last_code = \(outcome.code.map(Int32.init)), last_error = \(error),
                    latency_ms = \(latency)
                where id = \(claimed.id) and attempts = \(Int32(claimed.attempt)) and status = 'waiting'
                """)
        }
    }

    /// When the next delivery on `channel` is due that waits for no other of its group; nil for none.
    func nextAttempt(channel: String) async throws -> Timestamp? {
        try await pool.query(
            """
            select min(d.next_attempt_at) as at from delivery d
            where d.channel = \(channel) and d.status = 'waiting'
              and not exists (
                  select 1 from delivery e where e.channel = d.channel and e.group_key = d.group_key
                  and e.status = 'waiting' and e.id < d.id)
            """
        ).first?["at"]
    }

    /// Fails what waits on channels that are no longer configured.
    func abandon(except channels: [String], at now: Timestamp) async throws {
        try await pool.execute(
            """
            update delivery set status = 'failed', finished_at = \(now), last_error = 'the channel is no longer configured'
            where status = 'waiting' and not channel = any(\(channels))
            """)
    }

    /// Forgets notifications older than `age` whose deliveries are over.
    func forget(olderThan age: Duration, at now: Timestamp) async throws {
        try await pool.execute(
            """
            delete from notification n where n.created_at < \(now - age)
              and not exists (select 1 from delivery d where d.notification_id = n.id and d.status = 'waiting')
            """)
    }

    // MARK: Reading

    /// The latest delivery on each channel for each of `fingerprints`.
    func latest(of fingerprints: [String]) async throws -> [String: [DeliveryRecord]] {
        let rows = try await pool.query(
            """
            select distinct on (a.fingerprint, d.channel) a.fingerprint, d.id, d.channel, d.status, d.attempts,
                d.created_at, d.finished_at, d.next_attempt_at, d.last_code, d.last_error, d.latency_ms
            from notification_alert a join delivery d using (notification_id)
            where a.fingerprint = any(\(fingerprints)) order by a.fingerprint, d.channel, d.id desc
            """)
        var result: [String: [DeliveryRecord]] = [:]
        for row in rows { result[try row["fingerprint"], default: []].append(try DeliveryRecord(row: row)) }
        return result
    }

    /// Deliveries before `before` (nil: the newest), newest first.
    func list(before: Int64?, limit: Int) async throws -> [DeliveryRecord] {
        let rows = try await pool.query(
            """
            select d.id, d.channel, d.status, d.attempts, d.created_at, d.finished_at, d.next_attempt_at, d.last_code,
                d.last_error, d.latency_ms
            from delivery d where \(before)::bigint is null or d.id < \(before)
            order by d.id desc limit \(limit)
            """)
        return try rows.map(DeliveryRecord.init(row:))
    }
}

/// A delivery that this process is making.
struct ClaimedDelivery: Sendable {
    var id: Int64
    /// From 1.
    var attempt: Int
    var createdAt: Timestamp
    var notification: DueNotification

    /// From the latest change that it tells of to `now`.
    func latency(at now: Timestamp) -> Duration {
        let changed = notification.content.alerts.map(\.changedAt).max() ?? createdAt
        return max(.zero, now - max(changed, createdAt - .seconds(3600)))
    }
}

extension Alert {
    /// When it began to fire, or ended.
    var changedAt: Timestamp { resolvedAt ?? firedAt ?? activeAt }
}

extension DeliveryRecord {
    fileprivate init(row: Row) throws {
        let status: String = try row["status"]
        let attempts: Int = try row["attempts"]
        let latency: Int64? = try row["latency_ms"]
        let finishedAt: Timestamp? = try row["finished_at"]
        self.init(
            id: try row["id"], channel: try row["channel"], status: Status(ledger: status, attempts: attempts),
            attempts: attempts, at: try finishedAt ?? row["created_at"],
            nextAttempt: status == "waiting" ? try row["next_attempt_at"] : nil, code: try row["last_code"],
            error: try row["last_error"], latency: latency.map { .milliseconds($0) })
    }
}
