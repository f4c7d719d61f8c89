internal import AsyncSupport
internal import Model
internal import PromQL
internal import SeriesQuery

/// What one evaluation of a rule gave.
struct RuleResult: Sendable {
    var rule: Rule
    /// The alerts as they are now.
    var states: AlertStates
    var changes: [AlertChange] = []
    var recordings: [(labels: Labels, value: Double)] = []
    /// Why it could not be evaluated, or which text could not be expanded.
    var problem: String?
    var duration = Duration.zero

    /// What it writes: recordings, `ALERTS` and `ALERTS_FOR_STATE`.
    var series: [(labels: Labels, value: Double)] {
        var series = recordings
        for tracked in states.all where tracked.alert.state != .resolved {
            var state = tracked.alert.labels
            state[Labels.metricName] = "ALERTS"
            state["alertstate"] = tracked.alert.state.rawValue
            var since = tracked.alert.labels
            since[Labels.metricName] = "ALERTS_FOR_STATE"
            series += [(state, 1), (since, tracked.alert.activeAt.seconds.rounded(.down))]
        }
        return series
    }
}

/// One evaluation of a group's rules, in order. What the service does live is what unit tests of rules do.
struct GroupRound {
    let group: RuleGroup
    let engine: PromQLEngine
    let settings: RuleSettings
    /// What rules are on single clusters.
    var overrides: [RuleOverride] = []
    /// Rules whose firing alerts stay while nothing is measured of what they are about.
    var patient: Set<String> = []

    /// Evaluates every rule.
    ///
    /// - Parameters:
    ///   - states: the alerts as they were, by the rule's id.
    ///   - recorded: what each rule recorded in the round before; becomes what it recorded in this.
    func results(
        at now: Timestamp, states: [String: AlertStates], recorded: inout [String: Set<Labels>]
    ) async -> [RuleResult] {
        var results: [RuleResult] = []
        var overlay: [Labels: Double] = [:]
        for rule in group.rules {
            let source = RoundOverlay(base: engine.source, recorded: overlay, at: now - group.queryOffset)
            let engine = PromQLEngine(source: source, options: engine.options)
            let result = await evaluate(rule, states[rule.id] ?? AlertStates(), at: now, with: engine)
            results.append(result)
            guard rule.kind == .record else { continue }
            // From here on the group sees what this rule recorded, and no more what it recorded in the round before.
            for labels in recorded[rule.id] ?? [] { overlay[labels] = .stale }
            for (labels, value) in result.recordings { overlay[labels] = value }
            recorded[rule.id] = Set(result.recordings.map(\.labels))
        }
        return results
    }

    private func evaluate(
        _ rule: Rule, _ states: AlertStates, at now: Timestamp, with engine: PromQLEngine
    ) async -> RuleResult {
        let clock = ContinuousClock()
        let start = clock.now
        var result = RuleResult(rule: rule, states: states)
        do {
            let samples = try await samples(of: rule, at: now, with: engine)
            let evaluation = RuleEvaluation(rule: rule, settings: settings)
            switch rule.kind {
            case .record: result.recordings = try evaluation.recordings(of: samples, limit: group.limit)
            case .alert:
                let (observed, textProblem) = try evaluation.observations(of: samples, limit: group.limit)
                let missing = try await missing(states, observed, of: rule, at: now, with: engine)
                result.changes = result.states.apply(
                    observed, missing: missing, hold: rule.hold, keepFiringFor: rule.keepFiringFor, at: now)
                result.problem = textProblem
            }
        } catch {
            result.problem = "\(error)"
        }
        result.duration = clock.now - start
        return result
    }

    private func samples(
        of rule: Rule, at now: Timestamp, with engine: PromQLEngine
    ) async throws -> [VectorSample] {
        let own = overrides.filter { $0.rule == rule.id }
        let samples = try await samples(of: rule.query, at: now, with: engine)
        guard !own.isEmpty else { return samples }
        let clusters = Set(own.map(\.cluster))
        var all = samples.filter { !clusters.contains($0.labels["cluster"] ?? "") }
        for (parameters, some) in Dictionary(grouping: own.filter(\.isEnabled), by: \.parameters) {
            let clusters = some.map(\.cluster).sorted()
            let query = try RuleParameter.query(rule.query, rule.parameters, with: parameters)
            let narrowed = PromQLEngine(
                source: NarrowedSeries(base: engine.source, clusters: clusters), options: engine.options)
            all += try await self.samples(of: query, at: now, with: narrowed)
                .filter { clusters.contains($0.labels["cluster"] ?? "") }
        }
        return all
    }

    private func samples(
        of query: Query, at now: Timestamp, with engine: PromQLEngine
    ) async throws -> [VectorSample] {
        let instant = now - group.queryOffset
        let result = try await withDeadline(settings.deadline) { try await engine.instant(query, at: instant) }
        guard let vector = result.value.vector else {
            throw RulesError(.evaluation, "the expression gives a \(result.value.typeName), not an instant vector")
        }
        return vector
    }

    /// Firing alerts that are not observed because nothing is measured of what they are about.
    private func missing(
        _ states: AlertStates, _ observed: [Labels: AlertObservation], of rule: Rule, at now: Timestamp,
        with engine: PromQLEngine
    ) async throws -> Set<Labels> {
        guard patient.contains(rule.id) else { return [] }
        let off = Set(overrides.filter { $0.rule == rule.id && !$0.isEnabled }.map(\.cluster))
        let gone = states.all.map(\.alert).filter { alert in
            alert.state == .firing && observed[alert.labels] == nil && !off.contains(alert.labels["cluster"] ?? "")
        }
        guard !gone.isEmpty else { return [] }
        let instant = now - group.queryOffset
        return try await withDeadline(settings.deadline) {
            try await MissingSeries(rule: rule, engine: engine).among(gone.map(\.labels), at: instant)
        }
    }
}
