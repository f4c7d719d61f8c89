internal import Model
internal import SeriesQuery

/// One evaluation of a query: loads what the plan says, evaluates, shapes the answer.
struct QueryRun {
    private let query: Query
    private let source: any SeriesSource
    private let grid: Grid
    private let frame: QueryFrame
    private let deadline: ContinuousClock.Instant

    init(_ query: Query, source: any SeriesSource, options: EngineOptions, grid: Grid, step: Int64) {
        self.query = query
        self.source = source
        self.grid = grid
        frame = QueryFrame(
            text: Array(query.text.utf8), start: grid.start, end: grid.end, step: step, options: options)
        deadline = ContinuousClock.now.advanced(by: options.timeout)
    }

    func instant() async throws(QueryError) -> QueryResult {
        let (loaded, count) = try await load()
        let evaluator = Evaluator(frame, loaded: loaded, deadline: deadline)
        let now = Timestamp(milliseconds: grid.start)
        if query.expression.type == .matrix {
            return result(.matrix(try samples(evaluator)), evaluator, count)
        }
        switch try evaluator.evaluate(query.expression, on: grid) {
        case .scalar(let values): return result(.scalar(Sample(now, values[0])), evaluator, count)
        case .string(let literal): return result(.string(literal.value, now), evaluator, count)
        case .vector(let list):
            let samples = try evaluator.finished(list).filter { !$0.values[0].isStale }
                .map { VectorSample(labels: $0.labels, sample: Sample(now, $0.values[0])) }
            return result(.vector(samples), evaluator, count)
        }
    }

    func range() async throws(QueryError) -> QueryResult {
        let (loaded, count) = try await load()
        let evaluator = Evaluator(frame, loaded: loaded, deadline: deadline)
        let list: [ColumnSeries]
        switch try evaluator.evaluate(query.expression, on: grid) {
        case .scalar(let values): list = [ColumnSeries(labels: Labels(), values: values)]
        case .vector(let series): list = try evaluator.finished(series)
        case .string: throw QueryError(.internal, "a range of strings")
        }
        let matrix = list.map { RangeSeries($0, on: grid) }.filter { !$0.values.isEmpty }
            .map { SampledSeries(labels: $0.labels, timestamps: $0.timestamps, values: $0.values) }
            .sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
        return result(.matrix(matrix), evaluator, count)
    }

    private func result(_ value: QueryValue, _ evaluator: Evaluator, _ count: Int) -> QueryResult {
        QueryResult(
            value: value, warnings: evaluator.warnings.list, infos: evaluator.infos.list, samplesRead: count)
    }

    /// The samples of a range vector that is the whole query.
    private func samples(_ evaluator: Evaluator) throws(QueryError) -> [SampledSeries] {
        let ranges = try evaluator.ranges(query.expression, on: grid)
        var result: [SampledSeries] = []
        for series in ranges.series {
            ranges.forEachWindow(on: series, grid) { _, window in
                guard !window.samples.isEmpty else { return }
                result.append(
                    SampledSeries(
                        labels: series.dropsName ? series.labels.withoutName : series.labels,
                        timestamps: Array(series.timestamps[window.samples]),
                        values: Array(series.values[window.samples])))
            }
        }
        return result.sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
    }

    // MARK: Loading

    /// Each selection once, however often the query names it.
    private func load() async throws(QueryError) -> (series: [SourceRange: [SampledSeries]], sampleCount: Int) {
        let plan = try SelectionPlan(query.expression, on: grid, frame: frame)
        var answers: [SeriesSelection: [SampledSeries]] = [:]
        var loaded: [SourceRange: [SampledSeries]] = [:]
        var count = 0
        for (place, selection) in plan.selections.sorted(by: { $0.key.start < $1.key.start }) {
            if let known = answers[selection] {
                loaded[place] = known
                continue
            }
            let series = try await ask(selection)
            guard series.count <= frame.options.maximumSeries else {
                throw QueryError(
                    .execution,
                    "the selector matches \(series.count) series, more than \(frame.options.maximumSeries)", at: place)
            }
            count += series.reduce(0) { $0 + $1.values.count }
            guard count <= frame.options.maximumSamples else {
                throw QueryError(
                    .execution, "query processing would load too many samples into memory in query execution",
                    at: place)
            }
            answers[selection] = series
            loaded[place] = series
        }
        return (loaded, count)
    }

    private func ask(_ selection: SeriesSelection) async throws(QueryError) -> [SampledSeries] {
        let (source, deadline) = (source, deadline)
        do {
            return try await withThrowingTaskGroup(of: [SampledSeries]?.self) { group in
                group.addTask { try await source.series(selection) }
                group.addTask {
                    try await ContinuousClock().sleep(until: deadline)
                    return nil
                }
                defer { group.cancelAll() }
                guard let first = try await group.next(), let series = first else {
                    throw QueryError(.timeout, "query timed out in expression evaluation")
                }
                return series
            }
        } catch let error as QueryError {
            throw error
        } catch is CancellationError {
            throw QueryError(.canceled, "query was canceled in expression evaluation")
        } catch {
            throw QueryError(.execution, "expanding series: \(error)")
        }
    }
}
