internal import Model
internal import SeriesQuery

/// A store of series with what this evaluation has recorded on top, so that a later rule of the group sees what an
/// earlier one recorded, as Prometheus does, before anything is written.
struct RoundOverlay: SeriesSource {
    let base: any SeriesSource
    /// By complete labels; the staleness marker for what was recorded in the round before and is not any more.
    let recorded: [Labels: Double]
    let at: Timestamp

    func series(_ selection: SeriesSelection) async throws -> [SampledSeries] {
        var found = try await base.series(selection)
        guard (selection.start...max(selection.start, selection.end)).contains(at) else { return found }
        var rest = recorded.filter { selection.matches($0.key) }
        for index in found.indices {
            guard let value = rest.removeValue(forKey: found[index].labels) else { continue }
            // What the store already has at this instant or later cannot be: time does not run backwards here.
            guard found[index].timestamps.last.map({ $0 < at.milliseconds }) ?? true else { continue }
            found[index].timestamps.append(at.milliseconds)
            found[index].values.append(value)
        }
        guard !rest.isEmpty else { return found }
        found += rest.map { SampledSeries(labels: $0.key, timestamps: [at.milliseconds], values: [$0.value]) }
        return found.sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
    }

    func labelSets(_ selections: [SeriesSelection]) async throws -> [Labels] {
        let own = recorded.keys.filter { labels in selections.contains { $0.matches(labels) } }
        let all = Set(try await base.labelSets(selections)).union(own)
        return all.sorted { $0.lexicographicallyPrecedes($1) }
    }

    func metadata(metric: String?) async throws -> [MetricFamily] { try await base.metadata(metric: metric) }
}
