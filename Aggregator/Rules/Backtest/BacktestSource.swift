internal import Model
internal import SeriesQuery

/// Stored history with recordings that were computed anew in the place of stored ones.
struct BacktestSource: SeriesSource {
    let base: NarrowedSeries
    let recorded: DerivedSeries
    /// What `recorded` holds, and the store is not asked for.
    let names: Set<String>

    func series(_ selection: SeriesSelection) async throws -> [SampledSeries] {
        let wanted = selection.matchers.filter { $0.name == Labels.metricName }.compactMap(\.candidates).first
        if let wanted, names.isDisjoint(with: wanted) { return try await base.series(selection) }
        let own = try await recorded.series(selection)
        if let wanted, names.isSuperset(of: wanted) { return own }
        let others = try await base.series(selection).filter { !names.contains($0.labels.metric) }
        return (own + others).sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
    }

    func labelSets(_ selections: [SeriesSelection]) async throws -> [Labels] {
        try await base.labelSets(selections)
    }

    func metadata(metric: String?) async throws -> [MetricFamily] { try await base.metadata(metric: metric) }
}
