internal import JSON
internal import Model
internal import Postgres

/// The tables of groups, notifications and deliveries. All times are the caller's.
struct DeliveryLedger: Sendable {
    let pool: PostgresPool

    /// Heard by every aggregator when there is something to tell.
    static let wakeChannel = "etcd_monitor_notifications"

    /// Tells all aggregators, once the transaction is committed, that there is something to do.
    static func announce(in connection: PostgresConnection) async throws {
        try await connection.query("select pg_notify(\(wakeChannel), '')::text as sent")
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
                returning d.id, d.attempts, d.created_at, d.group_key, n.id as notification,
                    n.created_at as notified_at, n.content::text as content, (
                        select r.reference from delivery_reference r
                        where r.channel = d.channel and r.group_key = d.group_key) as reference
                """)
            guard let row = rows.first else { return nil }
            let claimed = ClaimedDelivery(
                id: try row["id"], attempt: try row["attempts"], createdAt: try row["created_at"], channel: channel,
                groupKey: try row["group_key"],
                notification: DueNotification(
                    id: try row["notification"], createdAt: try row["notified_at"],
                    content: try NotificationContent(json: row["content"]), reference: try row["reference"]))
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
            if outcome.result == .delivered, outcome.reference != claimed.notification.reference {
                try await Self.keep(outcome.reference, of: claimed, at: now, in: connection)
            }
        }
    }

    /// What the next delivery of the group needs to know, or nil for nothing.
    private static func keep(
        _ reference: String?, of claimed: ClaimedDelivery, at now: Timestamp, in connection: PostgresConnection
    ) async throws {
        guard let reference else {
            try await connection.execute(
                """
                delete from delivery_reference
                where channel = \(claimed.channel) and group_key = \(claimed.groupKey)
                """)
            return
        }
        try await connection.execute(
            """
            insert into delivery_reference (channel, group_key, reference, at)
            values (\(claimed.channel), \(claimed.groupKey), \(reference), \(now))
            on conflict (channel, group_key) do update set reference = excluded.reference, at = excluded.at
            """)
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

    /// Lets `fallback` tell what `channel` could not: after some attempts, after some time, or when it was refused.
    ///
    /// - Returns: whether there was anything.
    func standIn(_ fallback: ChannelConfiguration.Fallback, for channel: String, at now: Timestamp) async throws -> Bool
    {
        try await pool.transaction { connection in
            let rows = try await connection.query(
                """
                with made as (
                    insert into delivery (notification_id, channel, group_key, next_attempt_at, created_at, instead_of)
                    select d.notification_id, \(fallback.channel), d.group_key, \(now), \(now), \(channel) from delivery d
                    where d.channel = \(channel) and d.created_at > \(now - .seconds(86_400)) and (
                        d.status = 'waiting' and (d.created_at <= \(now - fallback.after)
                            or (d.attempts >= \(Int32(fallback.attempts)) and d.last_error is not null))
                        or d.status = 'failed' and d.finished_at > \(now - .seconds(600)))
                    order by d.id
                    on conflict (notification_id, channel) do nothing
                    returning group_key)
                select distinct group_key from made
                """)
            guard !rows.isEmpty else { return false }
            let groups: [String] = try rows.map { try $0["group_key"] }
            try await connection.execute(
                """
                update notification_group set fallbacks = array_append(fallbacks, \(fallback.channel))
                where route || ' ' || group_key = any(\(groups)) and not \(fallback.channel) = any(fallbacks)
                """)
            return true
        }
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
        try await pool.execute("delete from delivery_reference where at < \(now - age)")
    }
}

/// A delivery that this process is making.
struct ClaimedDelivery: Sendable {
    var id: Int64
    /// From 1.
    var attempt: Int
    var createdAt: Timestamp
    var channel: String
    var groupKey: String
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
