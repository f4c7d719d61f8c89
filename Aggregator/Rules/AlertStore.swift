internal import Cryptography
internal import JSON
internal import Model
internal import Postgres

/// The tables `alert_state` and `duty`.
struct AlertStore: Sendable {
    static let duty = "rules"

    /// Takes over the duty of evaluating rules.
    ///
    /// - Returns: the fencing token: higher than any before.
    static func takeOver(at now: Timestamp, in connection: PostgresConnection) async throws -> Int64 {
        let rows = try await connection.query(
            """
            insert into duty (name, token, since) values (\(duty), 1, \(now))
            on conflict (name) do update set token = duty.token + 1, since = excluded.since returning token
            """)
        guard let row = rows.first else { throw RulesError(.notTheRunner, "the duty of rules was not recorded") }
        return try row["token"]
    }

    /// Throws `.notTheRunner` if another aggregator has taken over; otherwise none can until the transaction ends.
    static func check(token: Int64, in connection: PostgresConnection) async throws {
        let rows = try await connection.query("select token from duty where name = \(duty) for share")
        let current: Int64? = try rows.first?["token"]
        guard current == token else { throw RulesError(.notTheRunner, "another aggregator evaluates the rules now") }
    }

    /// Every saved alert, by rule.
    static func load(in connection: PostgresConnection) async throws -> [String: [TrackedAlert]] {
        let rows = try await connection.query(
            """
            select rule, labels, annotations, state, value, active_at, fired_at, resolved_at, keep_firing_since,
                missing_since
            from alert_state
            """)
        var result: [String: [TrackedAlert]] = [:]
        for row in rows {
            let state: String = try row["state"]
            let alert = Alert(
                labels: try labels(row["labels"]), annotations: try labels(row["annotations"]),
                state: Alert.State(rawValue: state) ?? .pending, value: try row["value"],
                activeAt: try row["active_at"],
                firedAt: try row["fired_at"], resolvedAt: try row["resolved_at"],
                missingSince: try row["missing_since"])
            result[try row["rule"], default: []].append(
                TrackedAlert(alert: alert, keepFiringSince: try row["keep_firing_since"]))
        }
        return result
    }

    /// Saves what changed of the alerts of `rule`.
    static func save(_ changes: [AlertChange], rule: String, in connection: PostgresConnection) async throws {
        for change in changes {
            guard let labels = (change.after ?? change.before)?.alert.labels else { continue }
            let digest = digest(labels)
            guard let tracked = change.after else {
                try await connection.execute("delete from alert_state where rule = \(rule) and digest = \(digest)")
                continue
            }
            let alert = tracked.alert
            try await connection.execute(
                """
                insert into alert_state (rule, digest, labels, annotations, state, value, active_at, fired_at,
                    resolved_at, keep_firing_since, missing_since)
                values (\(rule), \(digest), \(json: json(labels)), \(json: json(alert.annotations)),
                    \(alert.state.rawValue), \(alert.value), \(alert.activeAt), \(alert.firedAt), \(alert.resolvedAt),
                    \(tracked.keepFiringSince), \(alert.missingSince))
                on conflict (rule, digest) do update set annotations = excluded.annotations, state = excluded.state,
                    value = excluded.value, active_at = excluded.active_at, fired_at = excluded.fired_at,
                    resolved_at = excluded.resolved_at, keep_firing_since = excluded.keep_firing_since,
                    missing_since = excluded.missing_since
                """)
        }
    }

    private static func digest(_ labels: Labels) -> [UInt8] { SHA256.digest(Array(labels.description.utf8)) }

    private static func json(_ labels: Labels) -> String {
        var writer = JSONWriter()
        writer.object { for label in labels { $0.member(label.name, label.value) } }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    static func labels(_ json: String) throws -> Labels {
        guard case .object(let members) = try JSONValue(parsing: Array(json.utf8)) else { return Labels() }
        return Labels(members.compactMap { name, value in value.string.map { Label(name, $0) } })
    }
}
