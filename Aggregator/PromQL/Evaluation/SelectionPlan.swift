internal import Model
internal import SeriesQuery

/// What a query must load, known before anything is evaluated: each selector once for all steps.
struct SelectionPlan {
    let frame: QueryFrame
    /// By the place of the selector in the query.
    private(set) var selections: [SourceRange: SeriesSelection] = [:]
    /// The places of selectors that look at the same instants at every step.
    private var lasting: Set<SourceRange> = []

    init(_ expression: Expression, on grid: Grid, frame: QueryFrame) throws(QueryError) {
        self.frame = frame
        try visit(expression, grid)
    }

    /// Whether the selector at `place` looks at the same instants at every step.
    func isLasting(_ place: SourceRange) -> Bool { lasting.contains(place) }

    private mutating func visit(_ expression: Expression, _ grid: Grid) throws(QueryError) {
        switch expression {
        case .number, .string: break
        case .selector(let node): plan(node, grid, window: nil)
        case .matrix(let node): plan(node.selector, grid, window: node.window)
        case .call(let node):
            for argument in node.arguments {
                if case .matrix(let matrix) = argument.unwrapped, let statistic = hourlyStatistics[node.function.name] {
                    plan(matrix.selector, grid, window: matrix.window, statistic)
                } else {
                    try visit(argument, grid)
                }
            }
        case .subquery(let node):
            let inner = frame.innerGrid(of: node, on: grid)
            guard inner.count <= frame.options.maximumSubquerySteps else {
                throw QueryError(
                    .execution,
                    "subquery would be evaluated at \(inner.count) steps, more than \(frame.options.maximumSubquerySteps)",
                    at: node.range)
            }
            if inner.count > 0 { try visit(node.inner, inner) }
        case .aggregation(let node):
            if let parameter = node.parameter { try visit(parameter, grid) }
            try visit(node.inner, grid)
        case .binary(let node):
            try visit(node.left, grid)
            try visit(node.right, grid)
        case .unary(let node): try visit(node.operand, grid)
        case .parentheses(let node): try visit(node.inner, grid)
        }
    }

    /// - Parameters:
    ///   - window: nil for an instant vector.
    ///   - statistic: what is asked of each window, if it can be told from hours.
    private mutating func plan(
        _ node: VectorSelector, _ grid: Grid, window: Int64?, _ statistic: SeriesSelection.Statistic? = nil
    ) {
        let span = frame.reference(node.at, node.offset).span(of: grid)
        let reach = window ?? frame.options.lookback.milliseconds
        let open: Int64 = frame.options.leftOpenRanges ? 1 : 0
        var selection = SeriesSelection(
            matchers: node.matchers, start: Timestamp(milliseconds: span.lowerBound - reach + open),
            end: Timestamp(milliseconds: span.upperBound), need: .everySample)
        if let window, let statistic, window >= 2 * Self.hour {
            let step = span.lowerBound == span.upperBound ? 0 : grid.interval
            // A single window may begin and end anywhere.
            let isOnHours =
                step == 0 || window % Self.hour == 0 && step % Self.hour == 0 && span.lowerBound % Self.hour == 0
            selection.need = .hours(statistic, isOnHours: isOnHours)
        } else if window == nil, span.lowerBound == span.upperBound {
            selection.need = .newestSample
        }
        selections[node.range] = selection
        if node.at != nil { lasting.insert(node.range) }
    }

    private static let hour: Int64 = 3_600_000
}
