/// How queries are understood, and how much one may cost.
public struct EngineOptions: Sendable {
    /// How far back an instant selector looks for a sample.
    public var lookback: Duration = .seconds(300)
    /// Whether a range's start is outside (Prometheus 3) or inside (Prometheus 2).
    public var leftOpenRanges = true
    /// Whether `__name__` is removed at the end of the query only, as Prometheus's feature flag of that name does.
    public var delayedNameRemoval = false
    /// Whether functions and aggregations that Prometheus calls experimental are allowed.
    public var experimentalFunctions = false
    /// The interval of a subquery that names none.
    public var defaultSubqueryInterval: Duration = .seconds(60)
    /// Samples one query may hold at one time, and values of one intermediate result or of the answer.
    public var maximumSamples = 50_000_000
    /// Samples of a range query that are held at one time if its steps can be evaluated one after the other.
    public var samplesAtOnce = 4_000_000
    /// Series one selector may match.
    public var maximumSeries = 100_000
    /// Steps of a range query; Prometheus's 11,000.
    public var maximumSteps = 11_000
    /// Steps at which one subquery's inner expression may be evaluated.
    public var maximumSubquerySteps = 1_000_000
    /// Wall time one query may take.
    public var timeout: Duration = .seconds(120)

    /// Prometheus 3's meaning, its limits.
    public init() {}

    /// What Prometheus 2 answers: ranges closed at both ends.
    public static var prometheus2: EngineOptions {
        var options = EngineOptions()
        options.leftOpenRanges = false
        return options
    }
}
