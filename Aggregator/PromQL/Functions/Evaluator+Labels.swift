internal import Model
internal import SeriesQuery

// Functions that look at labels, not at values.
extension Evaluator {
    static func labelReplace(
        _ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid
    ) throws(QueryError) -> Evaluated {
        let destination = try evaluator.labelName(call, 1, "destination")
        let replacement = try evaluator.string(call.arguments[2]).value
        let source = try evaluator.string(call.arguments[3]).value
        let text = try evaluator.string(call.arguments[4])
        let pattern: Pattern
        do {
            pattern = try Pattern(text.value)
        } catch {
            throw QueryError(
                .execution, "invalid regular expression in label_replace(): \(text.value): \(error)", at: text.range)
        }
        return .vector(
            try evaluator.relabelled(call, destination, on: grid) { labels in
                pattern.expand(replacement, matching: labels[source] ?? "")
            })
    }

    static func labelJoin(_ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid) throws(QueryError) -> Evaluated {
        let destination = try evaluator.labelName(call, 1, "destination")
        let separator = try evaluator.string(call.arguments[2]).value
        var sources: [String] = []
        for index in call.arguments.indices.dropFirst(3) {
            sources.append(try evaluator.labelName(call, index, "source"))
        }
        return .vector(
            try evaluator.relabelled(call, destination, on: grid) { labels in
                sources.map { labels[$0] ?? "" }.joined(separator: separator)
            })
    }

    private func labelName(_ call: FunctionCall, _ index: Int, _ role: String) throws(QueryError) -> String {
        let literal = try string(call.arguments[index])
        guard literal.invalidBytes == nil, !literal.value.isEmpty else {
            throw QueryError(
                .execution, "invalid \(role) label name in \(call.function.name)(): \(literal.quotedValue)",
                at: literal.range)
        }
        return literal.value
    }

    /// The first argument's series with `destination` set to what `value` answers, if it answers.
    private func relabelled(
        _ call: FunctionCall, _ destination: String, on grid: Grid, _ value: (Labels) -> String?
    ) throws(QueryError) -> [ColumnSeries] {
        var list = try vector(call.arguments[0], on: grid)
        for index in list.indices {
            try checkpoint()
            guard let value = value(list[index].labels) else { continue }
            list[index].labels[destination] = value
            // A name that was set on purpose stays.
            if destination == Labels.metricName { list[index].dropsName = false }
        }
        return try merged(list)
    }

    // MARK: Absence

    static func absent(_ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid) throws(QueryError) -> Evaluated {
        var values = [Double](repeating: 1, count: grid.count)
        for series in try evaluator.vector(call.arguments[0], on: grid) {
            for (step, value) in series.values.enumerated() where !value.isStale { values[step] = .stale }
        }
        return .vector(absence(of: call.arguments[0], values))
    }

    static func absentOverTime(
        _ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid
    ) throws(QueryError) -> Evaluated {
        let ranges = try evaluator.ranges(call.arguments[0], on: grid)
        var values = [Double](repeating: 1, count: grid.count)
        for series in ranges.series {
            try evaluator.checkpoint()
            ranges.forEachWindow(on: series, grid) { step, window in
                if !window.samples.isEmpty { values[step] = .stale }
            }
        }
        return .vector(absence(of: call.arguments[0], values))
    }

    /// One series with the labels that the selector's equality matchers name without contradiction.
    private static func absence(of expression: Expression, _ values: [Double]) -> [ColumnSeries] {
        let matchers: [LabelMatcher]
        switch expression {
        case .selector(let node): matchers = node.matchers
        case .matrix(let node): matchers = node.selector.matchers
        default: matchers = []
        }
        let labels = matchers.filter { one in
            one.operation == .equal && one.name != Labels.metricName
                && matchers.count(where: { $0.name == one.name }) == 1
        }
        let series = ColumnSeries(labels: Labels(labels.map { Label($0.name, $0.value) }), values: values)
        return series.isEmpty ? [] : [series]
    }

    // MARK: Sorting by labels

    static func sortByLabel(
        _ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid
    ) throws(QueryError) -> Evaluated {
        .vector(try evaluator.sortedByLabels(call, on: grid))
    }

    static func sortByLabelDescending(
        _ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid
    ) throws(QueryError) -> Evaluated {
        .vector(try evaluator.sortedByLabels(call, on: grid).reversed())
    }

    private func sortedByLabels(_ call: FunctionCall, on grid: Grid) throws(QueryError) -> [ColumnSeries] {
        var names: [String] = []
        for argument in call.arguments.dropFirst() { names.append(try string(argument).value) }
        return try vector(call.arguments[0], on: grid).sorted { left, right in
            for name in names {
                let (a, b) = (left.labels[name] ?? "", right.labels[name] ?? "")
                if a != b { return naturallyPrecedes(a, b) }
            }
            return left.labels.lexicographicallyPrecedes(right.labels)
        }
    }
}

/// Whether `left` stands before `right` when runs of digits count as numbers: `4m5` before `4m600`.
func naturallyPrecedes(_ left: String, _ right: String) -> Bool {
    var (a, b) = (Array(left.utf8)[...], Array(right.utf8)[...])
    func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    while let first = a.first, let second = b.first {
        if isDigit(first), isDigit(second) {
            let (runA, runB) = (a.prefix(while: isDigit), b.prefix(while: isDigit))
            let (digitsA, digitsB) = (runA.drop { $0 == 0x30 }, runB.drop { $0 == 0x30 })
            if digitsA.count != digitsB.count { return digitsA.count < digitsB.count }
            if !digitsA.elementsEqual(digitsB) { return digitsA.lexicographicallyPrecedes(digitsB) }
            if runA.count != runB.count { return runA.count < runB.count }
            a = a.dropFirst(runA.count)
            b = b.dropFirst(runB.count)
        } else if first != second {
            return first < second
        } else {
            a = a.dropFirst()
            b = b.dropFirst()
        }
    }
    return a.isEmpty && !b.isEmpty
}
