internal import Model
internal import SeriesQuery
internal import Synchronization

/// Series in memory: what unit tests of rules are given and what their rules, or those of a backtest, record.
final class DerivedSeries: SeriesSource, SeriesSink {
    private struct Columns {
        var timestamps: [Int64] = []
        var values: [Double] = []
    }

    private struct State {
        var metrics: [String: [Labels: Columns]] = [:]
        var rounds: [String: Set<Labels>] = [:]
    }

    private let state = Mutex(State())

    /// Appends to the series `labels`; what is not after its last sample is left out.
    func add(_ labels: Labels, at milliseconds: Int64, _ value: Double) {
        state.withLock { Self.add(labels, milliseconds, value, to: &$0) }
    }

    private static func add(_ labels: Labels, _ milliseconds: Int64, _ value: Double, to state: inout State) {
        let last = state.metrics[labels.metric]?[labels]?.timestamps.last
        guard last.map({ $0 < milliseconds }) ?? true else { return }
        state.metrics[labels.metric, default: [:]][labels, default: Columns()].timestamps.append(milliseconds)
        state.metrics[labels.metric, default: [:]][labels, default: Columns()].values.append(value)
    }

    func series(_ selection: SeriesSelection) async throws -> [SampledSeries] {
        let (first, last) = (selection.start.milliseconds, selection.end.milliseconds)
        return state.withLock { state in
            var found: [SampledSeries] = []
            for name in Self.names(selection, in: state) {
                for (labels, columns) in state.metrics[name] ?? [:] where selection.matches(labels) {
                    let from = Self.index(of: first, in: columns.timestamps)
                    let to = Self.index(of: last + 1, in: columns.timestamps)
                    guard from < to else { continue }
                    found.append(
                        SampledSeries(
                            labels: labels, timestamps: Array(columns.timestamps[from..<to]),
                            values: Array(columns.values[from..<to])))
                }
            }
            return found.sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
        }
    }

    /// The metrics that can match.
    private static func names(_ selection: SeriesSelection, in state: State) -> [String] {
        let candidates = selection.matchers.filter { $0.name == Labels.metricName }.compactMap(\.candidates).first
        return candidates ?? Array(state.metrics.keys)
    }

    /// The first index whose timestamp is not before `instant`.
    private static func index(of instant: Int64, in timestamps: [Int64]) -> Int {
        var (low, high) = (0, timestamps.count)
        while low < high {
            let middle = (low + high) / 2
            if timestamps[middle] < instant { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func labelSets(_ selections: [SeriesSelection]) async throws -> [Labels] {
        var found: Set<Labels> = []
        for selection in selections { found.formUnion(try await series(selection).map(\.labels)) }
        return found.sorted { $0.lexicographicallyPrecedes($1) }
    }

    func metadata(metric: String?) async throws -> [MetricFamily] { [] }

    func append(_ samples: [(labels: Labels, value: Double)], source: String, at: Timestamp) async throws {
        state.withLock { state in
            let round = Set(samples.map(\.labels))
            for gone in state.rounds[source, default: []].subtracting(round) {
                Self.add(gone, at.milliseconds, .stale, to: &state)
            }
            for (labels, value) in samples { Self.add(labels, at.milliseconds, value, to: &state) }
            state.rounds[source] = round
        }
    }
}
