internal import Model
internal import PromQL
internal import SeriesQuery

/// Tells apart that an expression is false and that nothing is measured.
struct MissingSeries {
    let rule: Rule
    let engine: PromQLEngine

    /// Those of `alerts` whose target was not heard at some instant of the time that the rule looks at.
    ///
    /// So long, as a rate over a window that is half empty says nothing. A target that exists no more has no `up`: it is
    /// not missing, it is gone.
    func among(_ alerts: [Labels], at instant: Timestamp) async throws -> Set<Labels> {
        let targets = alerts.filter { $0["cluster"] != nil && $0["instance"] != nil }
        guard !targets.isEmpty else { return [] }
        let reach = rule.query.expression.reach
        let up = reach > 0 ? "min_over_time(up[\(reach)ms])" : "up"
        let clusters = Set(targets.compactMap { $0["cluster"] }).sorted()
        let engine = PromQLEngine(
            source: NarrowedSeries(base: engine.source, clusters: clusters), options: engine.options)
        let result = try await engine.instant("max by (cluster, instance) (\(up))", at: instant)
        var isHeard: [Labels: Bool] = [:]
        for sample in result.value.vector ?? [] { isHeard[sample.labels] = sample.sample.value >= 1 }
        return Set(
            targets.filter { alert in
                let target: Labels = ["cluster": alert["cluster"] ?? "", "instance": alert["instance"] ?? ""]
                return isHeard[target] == false
            })
    }
}
