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
                result.changes = result.states.apply(
                    observed, hold: rule.hold, keepFiringFor: rule.keepFiringFor, at: now)
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
        let instant = now - group.queryOffset
        let result = try await withDeadline(settings.deadline) { try await engine.instant(rule.query, at: instant) }
        guard let vector = result.value.vector else {
            throw RulesError(.evaluation, "the expression gives a \(result.value.typeName), not an instant vector")
        }
        return vector
    }
}
