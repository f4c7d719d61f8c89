internal import Model
internal import SeriesQuery

// Functions of instant vectors and scalars that are more than a formula.
extension Evaluator {
    static func round(_ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid) throws(QueryError) -> Evaluated {
        let list = try evaluator.vector(call.arguments[0], on: grid)
        var nearest = [Double](repeating: 1, count: grid.count)
        if call.arguments.count > 1 { nearest = try evaluator.scalar(call.arguments[1], on: grid) }
        return .vector(
            try evaluator.mapByStep(list) { step, value in
                // Halves are rounded up; the inverse costs less precision than a division.
                let inverse = 1 / nearest[step]
                return (value * inverse + 0.5).rounded(.down) / inverse
            })
    }

    static func clamp(_ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid) throws(QueryError) -> Evaluated {
        let low = try evaluator.scalar(call.arguments[1], on: grid)
        let high = try evaluator.scalar(call.arguments[2], on: grid)
        return .vector(try evaluator.clamped(call.arguments[0], low, high, on: grid))
    }

    static func clampMinimum(
        _ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid
    ) throws(QueryError) -> Evaluated {
        let low = try evaluator.scalar(call.arguments[1], on: grid)
        let high = [Double](repeating: .infinity, count: grid.count)
        return .vector(try evaluator.clamped(call.arguments[0], low, high, on: grid))
    }

    static func clampMaximum(
        _ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid
    ) throws(QueryError) -> Evaluated {
        let low = [Double](repeating: -.infinity, count: grid.count)
        let high = try evaluator.scalar(call.arguments[1], on: grid)
        return .vector(try evaluator.clamped(call.arguments[0], low, high, on: grid))
    }

    private func clamped(
        _ expression: Expression, _ low: [Double], _ high: [Double], on grid: Grid
    ) throws(QueryError) -> [ColumnSeries] {
        let result = try mapByStep(try vector(expression, on: grid)) { step, value in
            if high[step] < low[step] { return .stale }
            if value.isNaN || low[step].isNaN || high[step].isNaN { return .nan }
            return max(low[step], min(high[step], value))
        }
        return result.filter { !$0.isEmpty }
    }

    /// `list` with `change` applied to each value, names dropped.
    func mapByStep(
        _ list: [ColumnSeries], _ change: (_ step: Int, _ value: Double) -> Double
    ) throws(QueryError) -> [ColumnSeries] {
        var list = list
        for index in list.indices {
            try checkpoint()
            for (step, value) in list[index].values.enumerated() where !value.isStale {
                list[index].values[step] = change(step, value)
            }
        }
        return try droppingNames(list)
    }

    /// The sample's own time for a selector, the evaluation's for anything else.
    static func timestamp(
        _ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid
    ) throws(QueryError) -> Evaluated {
        if case .selector(let node) = call.arguments[0].unwrapped {
            return .vector(
                try evaluator.droppingNames(try evaluator.select(node, on: grid, taking: .timestamps)))
        }
        let list = try evaluator.vector(call.arguments[0], on: grid)
        return .vector(try evaluator.mapByStep(list) { step, _ in Double(grid.instant(step)) / 1000 })
    }

    static func time(_ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid) throws(QueryError) -> Evaluated {
        .scalar((0..<grid.count).map { Double(grid.instant($0)) / 1000 })
    }

    static func scalarFunction(
        _ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid
    ) throws(QueryError) -> Evaluated {
        var values = [Double](repeating: .stale, count: grid.count)
        for series in try evaluator.vector(call.arguments[0], on: grid) {
            for (step, value) in series.values.enumerated() where !value.isStale {
                values[step] = values[step].isStale ? value : .nan
            }
        }
        return .scalar(values.map { $0.isStale ? .nan : $0 })
    }

    static func vectorFunction(
        _ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid
    ) throws(QueryError) -> Evaluated {
        .vector([ColumnSeries(labels: Labels(), values: try evaluator.scalar(call.arguments[0], on: grid))])
    }

    static func nativeHistogramOnly(
        _ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid
    ) throws(QueryError) -> Evaluated {
        throw QueryError(
            .execution,
            "\(call.function.name)() is about native histograms, which are not stored here: of a classic histogram ask its series _count and _sum",
            at: call.range)
    }

    // MARK: Dates

    func dates(
        _ call: FunctionCall, on grid: Grid, _ part: (CivilDate) -> Int
    ) throws(QueryError) -> [ColumnSeries] {
        guard let argument = call.arguments.first else {
            let values = (0..<grid.count).map { step in
                Double(part(CivilDate(secondsSinceEpoch: Int(grid.instant(step) / 1000))))
            }
            return [ColumnSeries(labels: Labels(), values: values)]
        }
        return try mapByStep(try vector(argument, on: grid)) { _, seconds in
            // Beyond some hundred million years there are no dates worth telling.
            guard seconds.magnitude < 1e16 else { return .nan }
            return Double(part(CivilDate(secondsSinceEpoch: Int(seconds))))
        }
    }

    // MARK: Sorting (of instant queries; ranges are sorted by labels)

    static func sortAscending(
        _ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid
    ) throws(QueryError) -> Evaluated {
        .vector(sorted(try evaluator.vector(call.arguments[0], on: grid), on: grid) { $0 < $1 })
    }

    static func sortDescending(
        _ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid
    ) throws(QueryError) -> Evaluated {
        .vector(sorted(try evaluator.vector(call.arguments[0], on: grid), on: grid) { $0 > $1 })
    }

    private static func sorted(
        _ list: [ColumnSeries], on grid: Grid, _ precedes: (Double, Double) -> Bool
    ) -> [ColumnSeries] {
        guard grid.count == 1 else { return list }
        return list.sorted { left, right in
            let (a, b) = (left.values[0], right.values[0])
            return a.isNaN || b.isNaN ? !a.isNaN && b.isNaN : precedes(a, b)
        }
    }
}
