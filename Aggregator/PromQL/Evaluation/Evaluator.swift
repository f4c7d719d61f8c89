internal import Model
internal import SeriesQuery

/// Evaluates a tree over samples that are loaded already: no waiting, no store. One per query, on one thread.
///
/// Every expression is evaluated for all steps of a grid at once, series by series, so that labels are grouped and
/// matched once per query and not once per step.
final class Evaluator {
    let frame: QueryFrame
    /// What was loaded for each selector, by its place in the query.
    private let loaded: [SourceRange: [SampledSeries]]
    private let deadline: ContinuousClock.Instant
    private(set) var warnings = OrderedMessages()
    private(set) var infos = OrderedMessages()

    var options: EngineOptions { frame.options }

    init(_ frame: QueryFrame, loaded: [SourceRange: [SampledSeries]], deadline: ContinuousClock.Instant) {
        self.frame = frame
        self.loaded = loaded
        self.deadline = deadline
    }

    // MARK: Dispatch

    func evaluate(_ expression: Expression, on grid: Grid) throws(QueryError) -> Evaluated {
        try checkpoint()
        if grid.count > 1, expression.isStepInvariant {
            return Self.repeated(try evaluate(expression, on: .instant(grid.start)), grid.count)
        }
        switch expression {
        case .number(let node): return .scalar(Array(repeating: node.value, count: grid.count))
        case .string(let node): return .string(node)
        case .parentheses(let node): return try evaluate(node.inner, on: grid)
        case .selector(let node): return .vector(try select(node, on: grid, taking: .values))
        case .unary(let node): return try negate(node, on: grid)
        case .binary(let node): return try evaluate(node, on: grid)
        case .aggregation(let node): return .vector(try evaluate(node, on: grid))
        case .call(let node):
            guard let definition = functionTable[node.function.name] else {
                throw QueryError(.internal, "no such function: \(node.function.name)", at: node.range)
            }
            return try definition.evaluate(node, on: grid, with: self)
        case .matrix, .subquery:
            throw QueryError(.internal, "a range vector has no value of its own", at: expression.range)
        }
    }

    private static func repeated(_ value: Evaluated, _ count: Int) -> Evaluated {
        switch value {
        case .string: value
        case .scalar(let values): .scalar(Array(repeating: values[0], count: count))
        case .vector(let list):
            .vector(
                list.map {
                    ColumnSeries(
                        labels: $0.labels, dropsName: $0.dropsName,
                        values: Array(repeating: $0.values[0], count: count))
                })
        }
    }

    func vector(_ expression: Expression, on grid: Grid) throws(QueryError) -> [ColumnSeries] {
        guard case .vector(let list) = try evaluate(expression, on: grid) else {
            throw QueryError(.internal, "not a vector", at: expression.range)
        }
        return list
    }

    func scalar(_ expression: Expression, on grid: Grid) throws(QueryError) -> [Double] {
        guard case .scalar(let values) = try evaluate(expression, on: grid) else {
            throw QueryError(.internal, "not a scalar", at: expression.range)
        }
        return values
    }

    func string(_ expression: Expression) throws(QueryError) -> StringLiteral {
        guard case .string(let literal) = expression.unwrapped else {
            throw QueryError(.internal, "not a string", at: expression.range)
        }
        return literal
    }

    // MARK: Selectors

    enum Taken {
        case values
        /// Seconds since the epoch of the samples themselves.
        case timestamps
    }

    func loaded(for node: VectorSelector) -> [SampledSeries] { loaded[node.range] ?? [] }

    /// The newest sample of each series that is not older than the lookback, at each step.
    func select(_ node: VectorSelector, on grid: Grid, taking taken: Taken) throws(QueryError) -> [ColumnSeries] {
        let reference = frame.reference(node.at, node.offset)
        let series = loaded(for: node)
        try hold(series.count, steps: grid.count, at: node.range)
        let lookback = options.lookback.milliseconds
        let reach = options.leftOpenRanges ? lookback - 1 : lookback
        var result: [ColumnSeries] = []
        result.reserveCapacity(series.count)
        for one in series {
            try checkpoint()
            var column = [Double](repeating: .stale, count: grid.count)
            var next = 0
            var found = false
            for step in 0..<grid.count {
                let instant = reference.instant(at: grid.instant(step))
                while next < one.timestamps.count, one.timestamps[next] <= instant { next += 1 }
                guard next > 0, one.timestamps[next - 1] >= instant - reach, !one.values[next - 1].isStale
                else { continue }
                found = true
                column[step] = taken == .values ? one.values[next - 1] : Double(one.timestamps[next - 1]) / 1000
            }
            if found { result.append(ColumnSeries(labels: one.labels, values: column)) }
        }
        return result
    }

    // MARK: Names and duplicates

    /// `list` after an operation that drops `__name__`, at once or at the end of the query.
    func droppingNames(_ list: [ColumnSeries]) throws(QueryError) -> [ColumnSeries] {
        var list = list
        for index in list.indices {
            if options.delayedNameRemoval {
                list[index].dropsName = true
            } else {
                list[index].labels = list[index].labels.withoutName
            }
        }
        return options.delayedNameRemoval ? list : try merged(list)
    }

    /// One series per label set: series that have none of their values at the same step become one.
    func merged(_ list: [ColumnSeries]) throws(QueryError) -> [ColumnSeries] {
        var numbers: [Labels: Int] = [:]
        numbers.reserveCapacity(list.count)
        var result: [ColumnSeries] = []
        result.reserveCapacity(list.count)
        for series in list {
            guard let number = numbers[series.labels] else {
                numbers[series.labels] = result.count
                result.append(series)
                continue
            }
            for (step, value) in series.values.enumerated() where !value.isStale {
                guard result[number].values[step].isStale else {
                    throw QueryError(.execution, "vector cannot contain metrics with the same labelset")
                }
                result[number].values[step] = value
            }
            result[number].dropsName = result[number].dropsName || series.dropsName
        }
        return result
    }

    /// The last step of a query: names that were marked are dropped.
    func finished(_ list: [ColumnSeries]) throws(QueryError) -> [ColumnSeries] {
        guard list.contains(where: \.dropsName) else { return list }
        var list = list
        for index in list.indices where list[index].dropsName { list[index].labels = list[index].labels.withoutName }
        return try merged(list)
    }

    // MARK: Limits and messages

    /// Called once per series at least: ends the query if nobody waits for it any more.
    func checkpoint() throws(QueryError) {
        if Task.isCancelled { throw QueryError(.canceled, "query was canceled in expression evaluation") }
        if ContinuousClock.now > deadline { throw QueryError(.timeout, "query timed out in expression evaluation") }
    }

    func hold(_ series: Int, steps: Int, at range: SourceRange) throws(QueryError) {
        guard series.multipliedReportingOverflow(by: max(steps, 1)).partialValue <= options.maximumSamples else {
            throw QueryError(
                .execution, "query processing would load too many samples into memory in query execution", at: range)
        }
    }

    func warn(_ message: String, at range: SourceRange) {
        warnings.add("PromQL warning: \(message) (\(range.place(in: frame.text)))")
    }

    func inform(_ message: String, at range: SourceRange) {
        infos.add("PromQL info: \(message) (\(range.place(in: frame.text)))")
    }
}

/// Messages without duplicates, in the order they came; at most ten.
struct OrderedMessages {
    private(set) var list: [String] = []

    mutating func add(_ message: String) {
        if list.count < 10, !list.contains(message) { list.append(message) }
    }
}
