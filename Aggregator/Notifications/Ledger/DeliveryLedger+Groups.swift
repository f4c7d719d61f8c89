internal import JSON
internal import Model
internal import Postgres
internal import Rules

/// From alerts to groups, and from groups that are due to notifications.
extension DeliveryLedger {
    // MARK: Taking in

    /// Puts `alert` into its group on `route`, and sets when the group is told.
    static func enqueue(
        _ alert: Alert, group: GroupIdentity, route: Route, at now: Timestamp, in connection: PostgresConnection
    ) async throws {
        let digest = alert.labels.digest
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

    // MARK: From groups to deliveries

    /// Makes a notification of one group that is due, with a delivery for each channel.
    ///
    /// - Returns: false if no group was due.
    func flushOne(_ configuration: FlushConfiguration, at now: Timestamp) async throws -> Bool {
        try await pool.transaction { connection in
            let due = try await connection.query(
                """
                select route, group_key, labels::text as labels, last_sent_at, acknowledged, fallbacks
                from notification_group
                where flush_at <= \(now) order by flush_at limit 1 for update skip locked
                """)
            guard let row = due.first else { return false }
            let (routeName, key): (String, String) = (try row["route"], try row["group_key"])
            guard let route = configuration.routes[routeName] else {
                try await Self.reroute(routeName, key, configuration, at: now, in: connection)
                return true
            }
            let labels = Labels(json: try JSONValue(parsing: row["labels", as: String.self]))
            let group = DueGroup(
                route: route, key: key, labels: labels, lastSentAt: try row["last_sent_at"],
                wasAcknowledged: try row["acknowledged"], fallbacks: try row["fallbacks"])
            try await group.flush(configuration, at: now, in: connection)
            return true
        }
    }

    /// Ends a group whose route is no longer there; what fires in it goes where it would go now.
    private static func reroute(
        _ route: String, _ key: String, _ configuration: FlushConfiguration, at now: Timestamp,
        in connection: PostgresConnection
    ) async throws {
        let rows = try await connection.query(
            """
            select alert::text as alert from notification_group_alert
            where route = \(route) and group_key = \(key) and state = 'firing' order by digest
            """)
        try await connection.execute("delete from notification_group where route = \(route) and group_key = \(key)")
        for row in rows {
            let alert = try Alert(json: JSONValue(parsing: row["alert", as: String.self]))
            for route in configuration.ordered.matching(alert.labels) {
                let group = GroupIdentity(alert, route: route)
                try await enqueue(alert, group: group, route: route, at: now, in: connection)
            }
        }
    }

    /// When the next group is due; nil for none.
    func nextFlush() async throws -> Timestamp? {
        try await pool.query("select min(flush_at) as at from notification_group where flush_at < 'infinity'")
            .first?["at"]
    }
}
