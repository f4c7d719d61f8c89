internal import Model
internal import SeriesQuery

/// One evaluation of a query: loads what the plan says, evaluates, shapes the answer.
///
/// A range is evaluated a stretch of steps after the other, each as long as the samples it needs fit into
/// `EngineOptions.samplesAtOnce`: no step depends on another one. So memory grows with the answer, not with what is read.
struct QueryRun {
    let query: Query
    let source: any SeriesSource
    let grid: Grid
    let frame: QueryFrame
    let deadline: ContinuousClock.Instant

    /// - Parameter end: the last instant that was asked for; the grid may end before it.
    init(_ query: Query, source: any SeriesSource, options: EngineOptions, grid: Grid, end: Int64, step: Int64) {
        self.query = query
        self.source = source
        self.grid = grid
        frame = QueryFrame(
            text: Array(query.text.utf8), start: grid.start, end: end, step: step, options: options)
        deadline = ContinuousClock.now.advanced(by: options.timeout)
    }

    /// The value at the grid's one instant.
    func instant() async throws(QueryError) -> QueryResult {
        do throws(QueryError) {
            return try await instantValue()
        } catch {
            throw error.placed(in: frame.text)
        }
    }

    /// The values at all instants of the grid, as a matrix.
    func range() async throws(QueryError) -> QueryResult {
        do throws(QueryError) {
            return try await matrix()
        } catch {
            throw error.placed(in: frame.text)
        }
    }

    private func instantValue() async throws(QueryError) -> QueryResult {
        var loader = SelectionLoader(self)
        let (loaded, count) = try await loader.load(grid)
        let evaluator = Evaluator(frame, loaded: loaded, deadline: deadline)
        let now = Timestamp(milliseconds: grid.start)
        func result(_ value: QueryValue) -> QueryResult {
            QueryResult(
                value: value, warnings: evaluator.warnings.list, infos: evaluator.infos.list, samplesRead: count)
        }
        if query.expression.type == .matrix { return result(.matrix(try samples(evaluator))) }
        switch try evaluator.evaluate(query.expression, on: grid) {
        case .scalar(let values): return result(.scalar(Sample(now, values[0])))
        case .string(let literal): return result(.string(literal.value, now))
        case .vector(let list):
            let samples = try evaluator.finished(list).filter { !$0.values[0].isStale }
                .map { VectorSample(labels: $0.labels, sample: Sample(now, $0.values[0])) }
            return result(.vector(samples))
        }
    }

    private func matrix() async throws(QueryError) -> QueryResult {
        var loader = SelectionLoader(self)
        var answer = RangeAnswer(grid)
        var length = try await loader.stretch(of: grid)
        var (at, samplesRead) = (0, 0)
        while at < grid.count {
            let part = Grid(start: grid.instant(at), interval: grid.interval, count: min(length, grid.count - at))
            let (loaded, count) = try await loader.load(part)
            let evaluator = Evaluator(frame, loaded: loaded, deadline: deadline)
            switch try evaluator.evaluate(query.expression, on: part) {
            case .scalar(let values): answer.add([ColumnSeries(labels: Labels(), values: values)], at: at)
            case .vector(let series): answer.add(try evaluator.finished(series), at: at)
            case .string: throw QueryError(.internal, "a range of strings")
            }
            try evaluator.hold(answer.columns.count, steps: grid.count, at: query.expression.range)
            answer.add(evaluator)
            samplesRead += count
            at += part.count
            length = loader.stretch(after: part, samples: count)
        }
        return answer.result(samplesRead: samplesRead)
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
}

/// The answer to a range query while it grows: a column of all steps for each series.
private struct RangeAnswer {
    let grid: Grid
    private(set) var columns: [ColumnSeries] = []
    private var numbers: [Labels: Int] = [:]
    private var warnings = OrderedMessages()
    private var infos = OrderedMessages()

    init(_ grid: Grid) { self.grid = grid }

    /// Adds the values of `list` from step `start` on.
    mutating func add(_ list: [ColumnSeries], at start: Int) {
        if start == 0, list.first?.values.count == grid.count {
            // All steps at once.
            columns = list
            return
        }
        for series in list {
            let number = numbers[series.labels] ?? columns.count
            if number == columns.count {
                numbers[series.labels] = number
                columns.append(
                    ColumnSeries(labels: series.labels, values: Array(repeating: .stale, count: grid.count)))
            }
            columns[number].values.replaceSubrange(start..<start + series.values.count, with: series.values)
        }
    }

    /// Adds what `evaluator` had to say.
    mutating func add(_ evaluator: Evaluator) {
        for message in evaluator.warnings.list { warnings.add(message) }
        for message in evaluator.infos.list { infos.add(message) }
    }

    func result(samplesRead: Int) -> QueryResult {
        let matrix = columns.map { RangeSeries($0, on: grid) }.filter { !$0.values.isEmpty }
            .map { SampledSeries(labels: $0.labels, timestamps: $0.timestamps, values: $0.values) }
            .sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
        return QueryResult(
            value: .matrix(matrix), warnings: warnings.list, infos: infos.list, samplesRead: samplesRead)
    }
}
