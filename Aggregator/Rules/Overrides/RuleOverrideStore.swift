internal import JSON
internal import Model
internal import Postgres

/// The table `rule_override`.
enum RuleOverrideStore {
    /// All of them, by rule and cluster.
    static func load(in connection: PostgresConnection) async throws -> [RuleOverride] {
        try await connection.query(
            """
            select o.rule, c.name as cluster, o.is_enabled, o.parameters::text as parameters, o.reason, o.changed_by,
                o.changed_at
            from rule_override o join cluster c on c.id = o.cluster_id order by o.rule, c.name
            """
        ).map { row in
            let members = try JSONValue(parsing: row["parameters", as: String.self]).object ?? []
            return RuleOverride(
                rule: try row["rule"], cluster: try row["cluster"], isEnabled: try row["is_enabled"],
                parameters: Dictionary(members.compactMap { name, value in value.double.map { (name, $0) } }) { $1 },
                reason: try row["reason"], changedBy: try row["changed_by"], changedAt: try row["changed_at"])
        }
    }

    /// Saves `override` in the place of what stood there.
    ///
    /// - Throws: `.notFound` for a cluster that there is not.
    static func save(_ override: RuleOverride, in connection: PostgresConnection) async throws {
        let parameters = JSONValue.object(
            override.parameters.sorted { $0.key < $1.key }.map { ($0.key, .number("\($0.value)")) }
        ).description
        let rows = try await connection.query(
            """
            insert into rule_override (rule, cluster_id, is_enabled, parameters, reason, changed_by, changed_at)
            select \(override.rule), id, \(override.isEnabled), \(json: parameters), \(override.reason),
                \(override.changedBy), \(override.changedAt)
            from cluster where name = \(override.cluster)
            on conflict (rule, cluster_id) do update set is_enabled = excluded.is_enabled,
                parameters = excluded.parameters, reason = excluded.reason, changed_by = excluded.changed_by,
                changed_at = excluded.changed_at
            returning cluster_id
            """)
        guard !rows.isEmpty else { throw RulesError(.notFound, "there is no cluster \(override.cluster)") }
    }

    /// Removes what `rule` is on `cluster`.
    ///
    /// - Returns: whether there was anything.
    static func remove(rule: String, cluster: String, in connection: PostgresConnection) async throws -> Bool {
        let rows = try await connection.query(
            """
            delete from rule_override o using cluster c
            where c.id = o.cluster_id and c.name = \(cluster) and o.rule = \(rule) returning o.rule
            """)
        return !rows.isEmpty
    }
}
