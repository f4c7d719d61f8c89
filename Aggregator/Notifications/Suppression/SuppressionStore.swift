internal import JSON
internal import Model
internal import Postgres
internal import SeriesQuery

/// The tables `silence` and `acknowledgement`.
struct SuppressionStore: Sendable {
    private let connection: PostgresConnection

    /// The most silences that may be pending or active: each is looked at for each alert.
    static let limit = 500

    init(_ connection: PostgresConnection) { self.connection = connection }

    // MARK: Silences

    /// Those that end after `instant`, by their start.
    func silences(endingAfter instant: Timestamp) async throws -> [Silence] {
        try await read("where greatest(ends_at, weekly_until + (ends_at - starts_at)) > \(instant)")
    }

    /// The one with this id.
    func silence(_ id: String) async throws -> Silence? { try await read("where id = \(id)").first }

    private func read(_ condition: SQL) async throws -> [Silence] {
        let all: SQL = """
            select id, kind, matchers::text as matchers, starts_at, ends_at, weekly_until, author, comment, created_at
            from silence
            """
        let rows = try await connection.query(all + " " + condition + " order by starts_at, id")
        return try rows.map { row in
            Silence(
                id: try row["id"], kind: Silence.Kind(rawValue: try row["kind"]) ?? .silence,
                matchers: try Self.matchers(row["matchers"]), startsAt: try row["starts_at"],
                endsAt: try row["ends_at"], weeklyUntil: try row["weekly_until"], author: try row["author"],
                comment: try row["comment"], createdAt: try row["created_at"])
        }
    }

    /// Writes `silence`, new or changed.
    func save(_ silence: Silence) async throws {
        try await connection.execute(
            """
            insert into silence (id, kind, matchers, starts_at, ends_at, weekly_until, author, comment, created_at)
            values (\(silence.id), \(silence.kind.rawValue), \(json: Self.json(silence.matchers)),
                \(silence.startsAt), \(silence.endsAt), \(silence.weeklyUntil), \(silence.author), \(silence.comment),
                \(silence.createdAt))
            on conflict (id) do update set matchers = excluded.matchers, starts_at = excluded.starts_at,
                ends_at = excluded.ends_at, weekly_until = excluded.weekly_until, comment = excluded.comment
            """)
    }

    /// Forgets silences that ended before `instant`.
    func forget(endedBefore instant: Timestamp) async throws {
        try await connection.execute(
            """
            delete from silence where greatest(ends_at, weekly_until + (ends_at - starts_at)) < \(instant)
            """)
        try await connection.execute("delete from acknowledgement where until < \(instant)")
    }

    /// Notes which silence keeps each of `entries` back, if one does.
    func note(silenced entries: [GroupEntry], at now: Timestamp) async throws {
        var rows: [(silence: String, fingerprint: String, labels: String)] = []
        for entry in entries {
            guard case .silence(let id, _) = entry.suppressions.first else { continue }
            rows.append((id, entry.alert.labels.fingerprint, entry.alert.labels.json))
        }
        guard !rows.isEmpty else { return }
        // A silence that was forgotten meanwhile keeps nothing back any more.
        try await connection.execute(
            """
            insert into silenced_alert (silence, fingerprint, labels, since)
            select n.silence, n.fingerprint, n.labels::jsonb, \(now)
            from unnest(\(rows.map(\.silence)), \(rows.map(\.fingerprint)), \(rows.map(\.labels)))
                as n (silence, fingerprint, labels) join silence s on s.id = n.silence
            on conflict do nothing
            """)
    }

    /// What each of `silences` kept back so far: the newest hundred of each, newest first.
    func silenced(by silences: [String]) async throws -> [String: [SilencedAlert]] {
        let rows = try await connection.query(
            """
            select silence, fingerprint, labels::text as labels, since from unnest(\(silences)) as i (id)
            cross join lateral (
                select * from silenced_alert where silence = i.id order by since desc, fingerprint limit 100) a
            """)
        var result: [String: [SilencedAlert]] = [:]
        for row in rows {
            let labels = Labels(json: try JSONValue(parsing: row["labels", as: String.self]))
            let alert = SilencedAlert(fingerprint: try row["fingerprint"], labels: labels, since: try row["since"])
            result[try row["silence"], default: []].append(alert)
        }
        return result
    }

    private static func matchers(_ json: String) throws -> [LabelMatcher] {
        try (JSONValue(parsing: json).array ?? []).map { value in
            guard let name = value["name"]?.string, let operation = value["operation"]?.string,
                let text = value["value"]?.string
            else { throw NotificationsError(.ledger, "a silence in the database cannot be read") }
            return try LabelMatcher.checked(name, operation, text)
        }
    }

    private static func json(_ matchers: [LabelMatcher]) -> String {
        var json = JSONWriter()
        matchers.write(to: &json)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    // MARK: Acknowledgements

    /// Of these alerts, also those that are over; with nil, all.
    func acknowledgements(of fingerprints: [String]? = nil) async throws -> [Acknowledgement] {
        let all: SQL =
            "select fingerprint, labels::text as labels, author, comment, at, until from acknowledgement"
        let rows = try await connection.query(fingerprints.map { all + " where fingerprint = any(\($0))" } ?? all)
        return try rows.map { row in
            Acknowledgement(
                fingerprint: try row["fingerprint"],
                labels: Labels(json: try JSONValue(parsing: row["labels", as: String.self])),
                author: try row["author"], comment: try row["comment"], at: try row["at"], until: try row["until"])
        }
    }

    /// Writes `acknowledgement` in the place of one before.
    func save(_ acknowledgement: Acknowledgement) async throws {
        try await connection.execute(
            """
            insert into acknowledgement (fingerprint, labels, author, comment, at, until)
            values (\(acknowledgement.fingerprint), \(json: acknowledgement.labels.json), \(acknowledgement.author),
                \(acknowledgement.comment), \(acknowledgement.at), \(acknowledgement.until))
            on conflict (fingerprint) do update set labels = excluded.labels, author = excluded.author,
                comment = excluded.comment, at = excluded.at, until = excluded.until
            """)
    }

    /// - Returns: whether there was any.
    @discardableResult func forget(acknowledgementsOf fingerprints: [String]) async throws -> Bool {
        try await connection.execute("delete from acknowledgement where fingerprint = any(\(fingerprints))") > 0
    }

    // MARK: Waking

    /// Looks again at the groups that keep something back: what keeps it back has changed.
    ///
    /// Groups that others hold now are left out, so that no two transactions wait for each other: who holds one decides
    /// about it, and a group with an inhibited alert is looked at again within a minute anyway.
    /// - Parameter reason: only what is kept back by this; nil for all.
    func wakeHidden(by reason: String? = nil, at now: Timestamp) async throws {
        try await connection.execute(
            """
            with hidden as (
                select g.route, g.group_key from notification_group g
                where g.flush_at > \(now) and exists (
                    select 1 from notification_group_alert a
                    where a.route = g.route and a.group_key = g.group_key and a.hidden_by is not null
                      and (\(reason)::text is null or a.hidden_by = \(reason)))
                for update skip locked)
            update notification_group g set flush_at = \(now)
            from hidden h where g.route = h.route and g.group_key = h.group_key
            """)
    }

    /// Looks again at the groups of the alert with this digest.
    func wakeGroups(of digest: [UInt8], at now: Timestamp) async throws {
        try await connection.execute(
            """
            update notification_group g set flush_at = least(flush_at, \(now))
            where exists (
                select 1 from notification_group_alert a
                where a.route = g.route and a.group_key = g.group_key and a.digest = \(digest))
            """)
    }
}
