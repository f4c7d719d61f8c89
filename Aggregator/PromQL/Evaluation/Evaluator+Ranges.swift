internal import Model
internal import SeriesQuery

/// The samples of a series that a range function sees at one step.
struct Window {
    /// Their indices in the series' columns; may be empty.
    var samples: Range<Int>
    /// The instants the range reaches from and to.
    var start: Int64
    var end: Int64
    /// The instant of evaluation, which `@` and `offset` do not move.
    var step: Int64
}

/// A range vector on a grid: series, and for each step the window on them.
struct RangeVector {
    var series: [RangeSeries]
    var reference: TimeReference
    /// Milliseconds.
    var window: Int64
    var isLeftOpen: Bool

    /// Calls `body` for each step of `grid` with the window on `series`.
    @inline(__always)
    func forEachWindow<Failure: Error>(
        on series: RangeSeries, _ grid: Grid, _ body: (_ step: Int, _ window: Window) throws(Failure) -> Void
    ) throws(Failure) {
        var first = 0
        var last = 0
        let timestamps = series.timestamps
        for step in 0..<grid.count {
            let instant = grid.instant(step)
            let end = reference.instant(at: instant)
            let start = end - window
            while last < timestamps.count, timestamps[last] <= end { last += 1 }
            while first < last, timestamps[first] < start || isLeftOpen && timestamps[first] == start { first += 1 }
            try body(step, Window(samples: first..<last, start: start, end: end, step: instant))
        }
    }
}

extension Evaluator {
    /// The range vector of `expression`, for evaluation on `grid`.
    func ranges(_ expression: Expression, on grid: Grid) throws(QueryError) -> RangeVector {
        switch expression.unwrapped {
        case .matrix(let node):
            var series: [RangeSeries] = []
            for one in loaded(for: node.selector) {
                try checkpoint()
                series.append(RangeSeries(one))
                if one.weights != nil { inform("past days were read from rollups of 1h", at: node.selector.range) }
            }
            return RangeVector(
                series: series, reference: frame.reference(node.selector.at, node.selector.offset),
                window: node.window, isLeftOpen: options.leftOpenRanges)
        case .subquery(let node):
            let inner = frame.innerGrid(of: node, on: grid)
            var series: [RangeSeries] = []
            if inner.count > 0 {
                for column in try vector(node.inner, on: inner) {
                    try checkpoint()
                    series.append(RangeSeries(column, on: inner))
                }
            }
            return RangeVector(
                series: series, reference: frame.reference(node.at, node.offset), window: node.window,
                isLeftOpen: options.leftOpenRanges)
        default: throw QueryError(.internal, "not a range vector", at: expression.range)
        }
    }

    /// `function` of each window of the range vector among `call`'s arguments.
    func evaluate(
        _ function: WindowFunction, of call: FunctionCall, on grid: Grid
    ) throws(QueryError) -> [ColumnSeries] {
        var parameters: [[Double]] = []
        var rangeArgument = call.range
        var ranges: RangeVector?
        for argument in call.arguments {
            if argument.type == .matrix {
                ranges = try self.ranges(argument, on: grid)
                rangeArgument = argument.range
            } else {
                parameters.append(try scalar(argument, on: grid))
            }
        }
        guard let ranges else { throw QueryError(.internal, "no range vector", at: call.range) }
        try check(function, parameters, of: call)
        try hold(ranges.series.count, steps: grid.count, at: call.range)
        var result: [ColumnSeries] = []
        result.reserveCapacity(ranges.series.count)
        for series in ranges.series {
            try checkpoint()
            let column = try function.column(of: series, ranges, on: grid, parameters, checkpoint: checkpoint)
            guard !column.allSatisfy(\.isStale) else { continue }
            if function.wantsCounter { informIfNoCounter(series.labels.metric, at: rangeArgument) }
            result.append(ColumnSeries(labels: series.labels, dropsName: series.dropsName, values: column))
        }
        return function.keepsName ? result : try droppingNames(result)
    }

    private func check(
        _ function: WindowFunction, _ parameters: [[Double]], of call: FunctionCall
    ) throws(QueryError) {
        guard let check = function.check else { return }
        for (index, values) in parameters.enumerated() {
            for value in Set(values.map(\.bitPattern)) {
                switch check(index, Double(bitPattern: value)) {
                case nil: break
                case .warning(let message): warn(message, at: call.arguments[0].range)
                case .failure(let message): throw QueryError(.execution, message, at: call.range)
                }
            }
        }
    }

    private func informIfNoCounter(_ name: String, at range: SourceRange) {
        guard !name.isEmpty, !["_total", "_sum", "_count", "_bucket"].contains(where: { name.hasSuffix($0) }) else {
            return
        }
        inform(
            "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \(quoted(name))", at: range
        )
    }
}
