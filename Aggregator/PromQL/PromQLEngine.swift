public import Model
public import SeriesQuery

/// Evaluates queries over a source. Holds no state: one engine serves everyone at once.
public struct PromQLEngine: Sendable {
    /// Where samples come from.
    public let source: any SeriesSource
    /// Meaning and limits.
    public let options: EngineOptions

    /// An engine over `source`.
    public init(source: any SeriesSource, options: EngineOptions = EngineOptions()) {
        self.source = source
        self.options = options
    }

    /// The value of `query` at an instant.
    public func instant(_ query: String, at time: Timestamp) async throws(QueryError) -> QueryResult {
        try await instant(try Query(query, options: options), at: time)
    }

    /// The values of `query` from `start` to `end` (inclusive) every `step`, always a matrix.
    public func range(
        _ query: String, start: Timestamp, end: Timestamp, step: Duration
    ) async throws(QueryError) -> QueryResult {
        try await range(try Query(query, options: options), start: start, end: end, step: step)
    }

    /// The value of a parsed query at an instant. A range vector is answered with its samples.
    public func instant(_ query: Query, at time: Timestamp) async throws(QueryError) -> QueryResult {
        try Self.checkInstants(time, time)
        let run = QueryRun(
            query, source: source, options: options, grid: .instant(time.milliseconds), end: time.milliseconds, step: 0)
        return try await run.instant()
    }

    /// The values of a parsed query from `start` to `end` (inclusive) every `step`, always a matrix.
    public func range(
        _ query: Query, start: Timestamp, end: Timestamp, step: Duration
    ) async throws(QueryError) -> QueryResult {
        try Self.checkInstants(start, end)
        guard step.milliseconds > 0 else {
            throw QueryError(
                .badData, "zero or negative query resolution step widths are not accepted. Try a positive integer")
        }
        guard end >= start else { throw QueryError(.badData, "end timestamp must not be before start time") }
        guard query.expression.type == .scalar || query.expression.type == .vector else {
            throw QueryError(
                .badData,
                "invalid expression type \"\(query.expression.type.rawValue)\" for range query, must be Scalar or instant Vector"
            )
        }
        let steps = (end.milliseconds - start.milliseconds) / step.milliseconds + 1
        guard steps <= Int64(options.maximumSteps) else {
            throw QueryError(
                .badData,
                "exceeded maximum resolution of \(options.maximumSteps) points per timeseries. Try decreasing the query resolution (?step=XX)"
            )
        }
        let grid = Grid(start: start.milliseconds, interval: step.milliseconds, count: Int(steps))
        let run = QueryRun(
            query, source: source, options: options, grid: grid, end: end.milliseconds, step: step.milliseconds)
        return try await run.range()
    }

    /// The newest sample of each series that `selector` matches and that is not older than the lookback, with the time it
    /// was taken at. Series that ended have none.
    public func newest(_ selector: String, at time: Timestamp) async throws(QueryError) -> [VectorSample] {
        let matchers = try FormParameters.matchers(selector)
        try Self.checkInstants(time, time)
        let reach = options.leftOpenRanges ? options.lookback - .milliseconds(1) : options.lookback
        let selection = SeriesSelection(
            matchers: matchers, start: time - reach, end: time, need: .newestSample)
        let series: [SampledSeries]
        do {
            series = try await source.series(selection)
        } catch is CancellationError {
            throw QueryError(.canceled, "query was canceled")
        } catch {
            throw QueryError(.execution, "expanding series: \(error)")
        }
        return series.compactMap { one in
            // A store may answer with more than was asked for.
            guard let at = one.timestamps.lastIndex(where: { $0 <= time.milliseconds }), !one.values[at].isStale,
                one.timestamps[at] >= selection.start.milliseconds
            else { return nil }
            let sample = Sample(Timestamp(milliseconds: one.timestamps[at]), one.values[at])
            return VectorSample(labels: one.labels, sample: sample)
        }
    }

    /// Instants are kept to where no sum of them, a window and an offset overflows.
    private static func checkInstants(_ start: Timestamp, _ end: Timestamp) throws(QueryError) {
        let limit: Int64 = 1 << 60
        guard start.milliseconds > -limit, end.milliseconds < limit else {
            throw QueryError(.badData, "time is out of range")
        }
    }
}

/// A query, parsed and type-checked: parse once, evaluate often.
public struct Query: Hashable, Sendable {
    /// The text it was parsed from.
    public let text: String
    /// What it means.
    public let expression: Expression

    /// Parses `text`.
    /// - Throws: `.badData` with the place.
    public init(_ text: String, options: EngineOptions = EngineOptions()) throws(QueryError) {
        self.text = text
        var parser = try Parser(text, allowsExperimental: options.experimentalFunctions)
        expression = try parser.parse()
    }
}
