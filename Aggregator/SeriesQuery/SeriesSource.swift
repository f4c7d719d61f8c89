// The questions PromQL, rules and Prometheus's API ask of a store of series, and the conditions they ask them with. A
// store implements `SeriesSource` (and `SeriesSink` if it takes derived series); nothing here knows where samples live.
public import Model

/// A store of series, as PromQL and Prometheus's API ask it. The asker does not care where samples come from: recent
/// frames, blocks, rollups or a test.
public protocol SeriesSource: Sendable {
    /// The samples of every series that `selection` matches, sorted by labels.
    ///
    /// A store may return samples outside of the asked interval, and must return those inside that the selection needs.
    /// Staleness markers are returned like other samples.
    /// - Throws: when the store cannot be read; never for "nothing found".
    func series(_ selection: SeriesSelection) async throws -> [SampledSeries]

    /// The label sets of the series that match any of `selections`, without duplicates, sorted.
    func labelSets(_ selections: [SeriesSelection]) async throws -> [Labels]

    /// How many series match any of `selections`, and which labels they have. A series that several selections match may
    /// count more than once.
    ///
    /// What can be told without a list of all series is told without it: a fleet has millions, and few different labels.
    func labelCounts(_ selections: [SeriesSelection]) async throws -> LabelCounts

    /// TYPE and HELP of each metric family, by name; `metric` nil for all.
    func metadata(metric: String?) async throws -> [MetricFamily]
}

extension SeriesSource {
    public func labelCounts(_ selections: [SeriesSelection]) async throws -> LabelCounts {
        var counts = LabelCounts()
        for labels in try await labelSets(selections) { counts.add(labels, times: 1) }
        return counts
    }
}

/// How many series have which labels.
public struct LabelCounts: Sendable {
    /// Series in all.
    public private(set) var series = 0
    /// Series with each label; labels differ where their bytes do.
    public private(set) var byLabel: [Label: Int] = [:]

    /// Of no series.
    public init() {}

    /// Adds `times` series that have `labels` among theirs.
    public mutating func add(_ labels: Labels, times: Int) {
        series += times
        add(labelsOnly: labels, times: times)
    }

    /// Adds labels that `times` series have which are counted already.
    public mutating func add(labelsOnly labels: Labels, times: Int) {
        for label in labels { byLabel[label, default: 0] += times }
    }
}

/// A store that takes series the aggregator derives itself: `ALERTS`, recordings, its own metrics.
public protocol SeriesSink: Sendable {
    /// Stores `samples`, all taken `at` one instant, as the round of the source `source`.
    ///
    /// A round is complete: a series that was in the source's round before and is not in this one is stale from `at`.
    /// - Parameter samples: labels are complete (no identity is added); each label set at most once.
    /// - Throws: when nothing was stored.
    func append(_ samples: [(labels: Labels, value: Double)], source: String, at: Timestamp) async throws
}

/// Which series, and between which instants.
public struct SeriesSelection: Hashable, Sendable {
    /// All must hold.
    public var matchers: [LabelMatcher]
    /// First instant wanted, inclusive.
    public var start: Timestamp
    /// Last instant wanted, inclusive.
    public var end: Timestamp
    /// What of it counts.
    public var need: Need

    /// What the asker looks at, so that a store need not read the rest.
    public enum Need: Hashable, Sendable {
        /// Every sample.
        case everySample
        /// The newest sample of each series: others may be left out. Who asks at one instant looks at no more.
        case newestSample
        /// Windows of at least two hours, of which only the ``Statistic`` counts. A store may return, for any whole hour,
        /// a few samples that have the same statistic as those of the hour, and says so by ``SampledSeries/weights``.
        ///
        /// `isOnHours`: all windows begin and end on whole hours, but for the first one's begin and the last one's end.
        case hours(Statistic, isOnHours: Bool)
    }

    /// What can be told of a window from what is known of its hours.
    public enum Statistic: Hashable, Sendable {
        /// By how much it rose from its first to its last sample, resets added.
        case increase
        /// The smallest value.
        case minimum
        /// The largest value.
        case maximum
        /// Mean, sum and count.
        case mean
        /// The last value.
        case last
    }

    /// The series that satisfy all of `matchers`, from `start` to `end`, both inclusive.
    public init(matchers: [LabelMatcher], start: Timestamp, end: Timestamp, need: Need = .everySample) {
        self.matchers = matchers
        self.start = start
        self.end = end
        self.need = need
    }

    /// Whether a series with `labels` is wanted.
    public func matches(_ labels: Labels) -> Bool {
        matchers.allSatisfy { $0.matches(labels) }
    }
}

/// A series and its samples in time order. Series of one source share the storage of `timestamps`.
public struct SampledSeries: Hashable, Sendable {
    /// With `__name__` and identity labels.
    public var labels: Labels
    /// Milliseconds since the epoch, strictly rising.
    public var timestamps: [Int64]
    /// One per timestamp; `Double.stale` where the series ended.
    public var values: [Double]
    /// How many samples each stands for, if some stand for an hour; nil: each is one.
    public var weights: [Double]?

    /// The series `labels`; `timestamps` and `values` have the same count.
    public init(labels: Labels, timestamps: [Int64], values: [Double]) {
        precondition(timestamps.count == values.count)
        self.labels = labels
        self.timestamps = timestamps
        self.values = values
    }
}
