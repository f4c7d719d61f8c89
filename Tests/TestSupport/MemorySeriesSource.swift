internal import Synchronization

public import Model
public import SeriesQuery

/// A store of series in memory, for tests of what stands on `SeriesSource` and `SeriesSink`.
public final class MemorySeriesSource: SeriesSource, SeriesSink {
    private struct State {
        var series: [Labels: (timestamps: [Int64], values: [Double])] = [:]
        var rounds: [String: Set<Labels>] = [:]
        var families: [String: MetricFamily] = [:]
    }

    private let state = Mutex(State())

    /// An empty store.
    public init() {}

    /// Adds `samples` to the series `labels`; a sample at an instant that has one replaces it.
    public func add(_ labels: Labels, _ samples: [Sample]) {
        state.withLock { state in
            for sample in samples { Self.insert(sample, into: &state.series[labels, default: ([], [])]) }
        }
    }

    /// Adds TYPE and HELP of a family.
    public func add(_ family: MetricFamily) {
        state.withLock { $0.families[family.name] = family }
    }

    /// Forgets everything.
    public func removeAll() {
        state.withLock { $0 = State() }
    }

    private static func insert(_ sample: Sample, into columns: inout (timestamps: [Int64], values: [Double])) {
        let instant = sample.timestamp.milliseconds
        guard let last = columns.timestamps.last, instant <= last else {
            columns.timestamps.append(instant)
            columns.values.append(sample.value)
            return
        }
        let at = columns.timestamps.firstIndex { $0 >= instant } ?? columns.timestamps.count
        if columns.timestamps[at] == instant {
            columns.values[at] = sample.value
        } else {
            columns.timestamps.insert(instant, at: at)
            columns.values.insert(sample.value, at: at)
        }
    }

    public func series(_ selection: SeriesSelection) async throws -> [SampledSeries] {
        state.withLock { state in
            state.series.filter { selection.matches($0.key) }.compactMap { labels, columns in
                let wanted = columns.timestamps.indices.filter {
                    columns.timestamps[$0] >= selection.start.milliseconds
                        && columns.timestamps[$0] <= selection.end.milliseconds
                }
                guard let first = wanted.first, let last = wanted.last else { return nil }
                return SampledSeries(
                    labels: labels, timestamps: Array(columns.timestamps[first...last]),
                    values: Array(columns.values[first...last]))
            }
        }
        .sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
    }

    public func labelSets(_ selections: [SeriesSelection]) async throws -> [Labels] {
        var found: Set<Labels> = []
        for selection in selections {
            for series in try await series(selection) { found.insert(series.labels) }
        }
        return found.sorted { $0.lexicographicallyPrecedes($1) }
    }

    public func metadata(metric: String?) async throws -> [MetricFamily] {
        state.withLock { state in
            state.families.values.filter { metric == nil || $0.name == metric }.sorted { $0.name < $1.name }
        }
    }

    public func append(_ samples: [(labels: Labels, value: Double)], source: String, at: Timestamp) async throws {
        state.withLock { state in
            let round = Set(samples.map(\.labels))
            for gone in state.rounds[source, default: []].subtracting(round) {
                Self.insert(Sample(at, .stale), into: &state.series[gone, default: ([], [])])
            }
            for (labels, value) in samples {
                Self.insert(Sample(at, value), into: &state.series[labels, default: ([], [])])
            }
            state.rounds[source] = round
        }
    }
}
