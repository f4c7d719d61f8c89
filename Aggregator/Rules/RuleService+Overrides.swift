internal import Model
internal import Postgres
internal import Synchronization
internal import PromQL

extension RuleService {
    /// What rules are on single clusters, by rule and cluster.
    public var overrides: [RuleOverride] { state.withLock { $0.overrides } }

    /// Saves what a rule is on a cluster, and evaluates by it at once.
    ///
    /// - Throws: `.notFound` for a rule or cluster that there is not, `.parameter` for a number that it has not.
    public func set(_ override: RuleOverride) async throws {
        let (rule, _) = try rule(override.rule)
        guard rule.kind == .alert else {
            throw RulesError(.parameter, "\(rule.name) records a series for all clusters alike")
        }
        let known = rule.parameters.map(\.name)
        for (name, value) in override.parameters {
            guard known.contains(name) else {
                let which = known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))"
                throw RulesError(.parameter, "\(rule.name) has no parameter \(name); \(which)")
            }
            guard value.isFinite else { throw RulesError(.parameter, "\(name) must be a number") }
        }
        guard !override.isEnabled || !override.parameters.isEmpty else {
            throw RulesError(
                .parameter, "nothing would be other than in the file; disable the rule, or set a parameter")
        }
        // What cannot be read back must not be saved.
        _ = try RuleParameter.query(rule.query, rule.parameters, with: override.parameters)
        var saved = override
        saved.rule = rule.id
        let final = saved
        try await pool.withConnection { try await RuleOverrideStore.save(final, in: $0) }
        state.withLock { $0.overrideChanges += 1 }
        try await readOverrides()
        wakeAll()
    }

    /// Takes back what a rule is on a cluster.
    ///
    /// - Throws: `.notFound` if it is as everywhere already.
    public func removeOverride(rule name: String, cluster: String) async throws {
        // Of a rule that is in no file any more the id stands.
        let id = (try? rule(name).rule.id) ?? name
        // PostgreSQL takes no NUL.
        let isText = !id.utf8.contains(0)
        let removed = try await pool.withConnection { connection in
            guard isText else { return false }
            return try await RuleOverrideStore.remove(rule: id, cluster: cluster, in: connection)
        }
        guard removed else { throw RulesError(.notFound, "\(name) is on \(cluster) as everywhere") }
        state.withLock { $0.overrideChanges += 1 }
        try await readOverrides()
        wakeAll()
    }

    /// Takes up what was saved, here or by another aggregator.
    func readOverrides() async throws {
        try await pool.withConnection { try await self.readOverrides(in: $0) }
    }

    /// The same over a connection that is held already.
    func readOverrides(in connection: PostgresConnection) async throws {
        let changes = state.withLock { $0.overrideChanges }
        let saved = try await RuleOverrideStore.load(in: connection)
        state.withLock { if $0.overrideChanges == changes { $0.overrides = saved } }
    }
}
