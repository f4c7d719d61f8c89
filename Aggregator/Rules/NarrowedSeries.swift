internal import Model
internal import SeriesQuery

/// The series of some clusters only, or of all.
struct NarrowedSeries: SeriesSource {
    let base: any SeriesSource
    /// Nil for all, and for series without a cluster.
    let clusters: [String]?

    func series(_ selection: SeriesSelection) async throws -> [SampledSeries] {
        try await base.series(try narrowed(selection))
    }

    func labelSets(_ selections: [SeriesSelection]) async throws -> [Labels] {
        try await base.labelSets(try selections.map(narrowed))
    }

    func metadata(metric: String?) async throws -> [MetricFamily] { try await base.metadata(metric: metric) }

    private func narrowed(_ selection: SeriesSelection) throws -> SeriesSelection {
        guard let clusters else { return selection }
        var selection = selection
        // Names of clusters hold nothing that means something in a pattern.
        selection.matchers.append(
            clusters.count == 1
                ? .equal("cluster", clusters[0]) : try .matches("cluster", clusters.joined(separator: "|")))
        return selection
    }
}
