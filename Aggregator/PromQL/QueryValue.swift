public import Model
public import SeriesQuery

/// What a query evaluates to.
public enum QueryValue: Hashable, Sendable {
    /// A number at an instant.
    case scalar(Sample)
    /// A text at an instant.
    case string(String, Timestamp)
    /// One value per series at one instant; in the order of `sort` and `topk` where the query asks for one.
    case vector([VectorSample])
    /// Series with values over time, sorted by labels.
    case matrix([SampledSeries])

    /// Prometheus's name of the type.
    public var typeName: String {
        switch self {
        case .scalar: "scalar"
        case .string: "string"
        case .vector: "vector"
        case .matrix: "matrix"
        }
    }

    /// The samples if this is a vector; a scalar counts as one sample without labels.
    public var vector: [VectorSample]? {
        switch self {
        case .vector(let samples): samples
        case .scalar(let sample): [VectorSample(labels: Labels(), sample: sample)]
        case .string, .matrix: nil
        }
    }
}

/// One series' value at an instant.
public struct VectorSample: Hashable, Sendable {
    /// The series, with `__name__` if the query kept it.
    public var labels: Labels
    /// When and how much.
    public var sample: Sample

    /// `sample` of the series `labels`.
    public init(labels: Labels, sample: Sample) {
        self.labels = labels
        self.sample = sample
    }
}

/// An answer: the value and what the author of the query should know.
public struct QueryResult: Sendable {
    /// The answer.
    public var value: QueryValue
    /// Likely mistakes, as Prometheus words them, without duplicates.
    public var warnings: [String]
    /// Hints, as Prometheus words them, without duplicates.
    public var infos: [String]
    /// How many samples were read from the source.
    public var samplesRead: Int

    /// An answer.
    public init(value: QueryValue, warnings: [String] = [], infos: [String] = [], samplesRead: Int = 0) {
        self.value = value
        self.warnings = warnings
        self.infos = infos
        self.samplesRead = samplesRead
    }
}
