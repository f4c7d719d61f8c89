public import Model

/// A store of series, as PromQL and Prometheus's API ask it. The asker does not care where samples come from: recent
/// frames, blocks, rollups or a test.
public protocol SeriesSource: Sendable {
    /// The samples of every series that `selection` matches, sorted by labels.
    ///
    /// - Throws: when the store cannot be read; never for "nothing found".
    func series(_ selection: SeriesSelection) async throws -> [SampledSeries]

    /// The label sets of the series that match any of `selections`, without duplicates, sorted.
    func labelSets(_ selections: [SeriesSelection]) async throws -> [Labels]

    /// TYPE and HELP of each metric family, by name; `metric` nil for all.
    func metadata(metric: String?) async throws -> [MetricFamily]
}

/// Which series, and between which instants.
public struct SeriesSelection: Sendable {
    /// All must hold.
    public var matchers: [LabelMatcher]
    /// First instant wanted, inclusive.
    public var start: Timestamp
    /// Last instant wanted, inclusive.
    public var end: Timestamp

    /// The series that satisfy all of `matchers`, from `start` to `end`, both inclusive.
    public init(matchers: [LabelMatcher], start: Timestamp, end: Timestamp) {
        self.matchers = matchers
        self.start = start
        self.end = end
    }
}

/// A series and its samples in time order. Series of one source share the storage of `timestamps`.
public struct SampledSeries: Sendable {
    /// With `__name__` and identity labels.
    public var labels: Labels
    /// Milliseconds since the epoch, strictly rising.
    public var timestamps: [Int64]
    /// One per timestamp; `Double.stale` where the series ended.
    public var values: [Double]

    /// The series `labels`; `timestamps` and `values` have the same count.
    public init(labels: Labels, timestamps: [Int64], values: [Double]) {
        precondition(timestamps.count == values.count)
        self.labels = labels
        self.timestamps = timestamps
        self.values = values
    }
}
