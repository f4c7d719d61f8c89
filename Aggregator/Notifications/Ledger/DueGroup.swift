internal import JSON
internal import Model
internal import Postgres
internal import Rules

/// What a flush goes by.
struct FlushConfiguration: Sendable {
    /// By name.
    var routes: [String: Route]
    /// As they are looked through.
    var ordered: [Route]
    /// By name.
    var channels: [String: ChannelConfiguration]
    var inhibitions: [InhibitionRule]

    init(_ configuration: NotificationConfiguration) {
        ordered = configuration.routes
        routes = Dictionary(configuration.routes.map { ($0.name, $0) }) { first, _ in first }
        channels = Dictionary(configuration.channels.map { ($0.name, $0) }) { first, _ in first }
        inhibitions = configuration.inhibitions
    }
}

/// A group whose row is locked by the transaction at hand.
struct DueGroup {
    var route: Route
    var key: String
    var labels: Labels
    var lastSentAt: Timestamp?
    var wasAcknowledged: Bool
    /// Channels that stood in for others since it began.
    var fallbacks: [String]

    /// Tells what is due, and sets when the group is looked at again.
    func flush(
        _ configuration: FlushConfiguration, at now: Timestamp, in connection: PostgresConnection
    ) async throws {
        let (entries, digests) = try await entries(configuration, at: now, in: connection)
        let plan = FlushPlan(
            entries, lastSentAt: lastSentAt, wasAcknowledged: wasAcknowledged, timing: route.timing, at: now)
        if !plan.told.isEmpty {
            let content = NotificationContent(
                route: route.name, groupKey: key, groupLabels: labels, alerts: plan.told.map { entries[$0].alert },
                acknowledgedBy: plan.acknowledges ? Self.authors(plan.told.map { entries[$0] }) : nil)
            let standIns = content.isFiring ? [] : fallbacks.filter { !route.channels.contains($0) }
            let channels = (route.channels + standIns).compactMap { configuration.channels[$0] }
            try await content.insert(for: channels, at: now, in: connection)
        }
        if plan.tells { try await note(told: plan.told.map { digests[$0] }, in: connection) }
        try await note(dropped: plan.dropped.map { digests[$0] }, in: connection)
        try await note(hidden: plan.hidden.map { (digests[$0.key], $0.value) }, in: connection)
        let silenced = plan.hidden.keys.map { entries[$0] }
        try await SuppressionStore(connection).note(silenced: silenced, at: now)
        guard let next = plan.next else {
            try await connection.execute(
                "delete from notification_group where route = \(route.name) and group_key = \(key)")
            return
        }
        let isOver = plan.tells && !plan.told.contains { entries[$0].state == "firing" }
        let isAcknowledged = plan.acknowledges || (wasAcknowledged && !plan.tells)
        try await connection.execute(
            """
            update notification_group set flush_at = \(next), last_sent_at = \(plan.tells ? now : lastSentAt),
                acknowledged = \(isAcknowledged), fallbacks = \(isOver ? [] : fallbacks)
            where route = \(route.name) and group_key = \(key)
            """)
    }

    /// The alerts of the group with what keeps them back, and their digests.
    private func entries(
        _ configuration: FlushConfiguration, at now: Timestamp, in connection: PostgresConnection
    ) async throws -> ([GroupEntry], [[UInt8]]) {
        let rows = try await connection.query(
            """
            select digest, alert::text as alert, state, announced, hidden_by from notification_group_alert
            where route = \(route.name) and group_key = \(key) order by state, digest
            """)
        var entries = try rows.map { row in
            let hiddenBy: String? = try row["hidden_by"]
            return GroupEntry(
                alert: try Alert(json: JSONValue(parsing: row["alert", as: String.self])), state: try row["state"],
                announced: try row["announced"], wasHidden: hiddenBy != nil)
        }
        let store = SuppressionStore(connection)
        let acknowledgements = try await store.acknowledgements(of: entries.map(\.alert.labels.fingerprint))
        let over = Set(acknowledgements.filter { !$0.holds(at: now) }.map(\.fingerprint))
        if !over.isEmpty {
            // Snoozed no longer: what still fires is news.
            try await store.forget(acknowledgementsOf: Array(over))
            for at in entries.indices where over.contains(entries[at].alert.labels.fingerprint) {
                entries[at].announced = entries[at].state == "firing" ? nil : entries[at].announced
            }
        }
        let suppressions = Suppressions(
            silences: try await store.silences(endingAfter: now), acknowledgements: acknowledgements,
            inhibitions: configuration.inhibitions, firing: try await causes(configuration, in: connection), at: now)
        for at in entries.indices {
            entries[at].suppressions = suppressions.reasons(for: entries[at].alert.labels)
            entries[at].acknowledgedBy = suppressions.acknowledgement(of: entries[at].alert.labels)?.author
        }
        return (entries, try rows.map { try $0["digest"] })
    }

    private static func authors(_ entries: [GroupEntry]) -> String {
        Set(entries.compactMap(\.acknowledgedBy)).sorted().joined(separator: ", ")
    }

    /// What fires and may be the cause of an alert here: mostly of the same cluster.
    private func causes(
        _ configuration: FlushConfiguration, in connection: PostgresConnection
    ) async throws -> [Labels] {
        guard !configuration.inhibitions.isEmpty else { return [] }
        guard let cluster = labels["cluster"], configuration.inhibitions.allSatisfy(\.staysInOneCluster) else {
            return try await FiringAlerts.labels(in: connection)
        }
        return try await FiringAlerts.labels(cluster: cluster, in: connection)
    }

    private func note(told digests: [[UInt8]], in connection: PostgresConnection) async throws {
        try await note(dropped: digests, in: connection)
        try await connection.execute(
            """
            update notification_group_alert set announced = state
            where route = \(route.name) and group_key = \(key) and digest = any(\(digests))
            """)
    }

    private func note(dropped digests: [[UInt8]], in connection: PostgresConnection) async throws {
        guard !digests.isEmpty else { return }
        try await connection.execute(
            """
            delete from notification_group_alert
            where route = \(route.name) and group_key = \(key) and state = 'resolved' and digest = any(\(digests))
            """)
    }

    private func note(hidden: [([UInt8], String)], in connection: PostgresConnection) async throws {
        try await connection.execute(
            """
            update notification_group_alert a set hidden_by = (
                select h.reason from unnest(\(hidden.map(\.0)), \(hidden.map(\.1))) as h (digest, reason)
                where h.digest = a.digest)
            where a.route = \(route.name) and a.group_key = \(key)
            """)
    }
}

extension NotificationContent {
    /// Makes the notification and a delivery on each of `channels` that is told such things.
    fileprivate func insert(
        for channels: [ChannelConfiguration], at now: Timestamp, in connection: PostgresConnection
    ) async throws {
        let wanted = channels.filter { channel in
            acknowledgedBy != nil ? channel.kind.takesAcknowledgements : isFiring || channel.sendsResolved
        }
        guard !wanted.isEmpty else { return }
        let rows = try await connection.query(
            """
            insert into notification (route, group_key, created_at, content)
            values (\(route), \(groupKey), \(now), \(json: json)) returning id
            """)
        guard let row = rows.first else { return }
        let id: Int64 = try row["id"]
        try await connection.execute(
            """
            insert into notification_alert (notification_id, fingerprint, since)
            select \(id), * from unnest(\(alerts.map(\.labels.fingerprint)), \(alerts.map(\.changedAt)))
            on conflict do nothing
            """)
        try await connection.execute(
            """
            insert into delivery (notification_id, channel, group_key, next_attempt_at, created_at)
            select \(id), name, \(route + " " + groupKey), \(now), \(now) from unnest(\(wanted.map(\.name))) as name
            """)
    }
}
