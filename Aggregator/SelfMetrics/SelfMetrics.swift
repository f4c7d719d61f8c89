// What the aggregator counts about itself: counters, gauges and histograms with labels, cheap to touch from any thread,
// read all at once. Leaves the text format to PrometheusText and who may read it to API.
public import Model
internal import Synchronization

/// All metrics of this process.
public final class MetricRegistry: Sendable {
    fileprivate struct State {
        var families: [MetricFamily] = []
        var counters: [(labels: Labels, family: Int, counter: Counter)] = []
        var gauges: [(labels: Labels, family: Int, read: @Sendable () -> Double)] = []
        var histograms: [(labels: Labels, family: Int, histogram: Histogram)] = []
        var known: [Labels: Counter] = [:]
    }

    private let state = Mutex(State())

    /// A registry without metrics.
    public init() {}

    /// The counter `name{labels}`, made at the first call; `name` ends in `_total`.
    public func counter(_ name: String, help: String, labels: Labels = Labels()) -> Counter {
        var full = labels
        full[Labels.metricName] = name
        return state.withLock { state in
            if let counter = state.known[full] { return counter }
            let counter = Counter()
            let family = state.family(name, .counter, help)
            state.counters.append((full, family, counter))
            state.known[full] = counter
            return counter
        }
    }

    /// The gauge `name{labels}`, read by `read` whenever someone asks.
    public func gauge(
        _ name: String, help: String, labels: Labels = Labels(), read: @escaping @Sendable () -> Double
    ) {
        var full = labels
        full[Labels.metricName] = name
        state.withLock { state in
            let family = state.family(name, .gauge, help)
            state.gauges.append((full, family, read))
        }
    }

    /// A new histogram `name{labels}` of seconds with these upper bounds, rising.
    public func histogram(
        _ name: String, help: String, labels: Labels = Labels(), bounds: [Double] = Histogram.secondsBounds
    ) -> Histogram {
        let histogram = Histogram(bounds: bounds)
        var full = labels
        full[Labels.metricName] = name
        state.withLock { state in
            let family = state.family(name, .histogram, help)
            state.histograms.append((full, family, histogram))
        }
        return histogram
    }

    /// The values of now, grouped by family.
    public func board() -> SampleBoard {
        let (families, samples) = state.withLock { ($0.families, $0.samples()) }
        var board = SampleBoard()
        board.begin()
        for (number, family) in families.enumerated() {
            let index = board.family(family.name, family.type, help: family.help)
            for sample in samples[number] ?? [] {
                board.set(board.number(of: sample.labels, family: index), to: sample.value)
            }
        }
        board.end()
        return board
    }
}

extension MetricRegistry.State {
    fileprivate mutating func family(_ name: String, _ type: MetricType, _ help: String) -> Int {
        if let index = families.firstIndex(where: { $0.name == name }) { return index }
        families.append(MetricFamily(name: name, type: type, help: help))
        return families.count - 1
    }

    fileprivate func samples() -> [Int: [(labels: Labels, value: Double)]] {
        var samples: [Int: [(labels: Labels, value: Double)]] = [:]
        for entry in counters { samples[entry.family, default: []].append((entry.labels, Double(entry.counter.value))) }
        for entry in gauges { samples[entry.family, default: []].append((entry.labels, entry.read())) }
        for entry in histograms { samples[entry.family, default: []] += entry.histogram.samples(of: entry.labels) }
        return samples
    }
}
