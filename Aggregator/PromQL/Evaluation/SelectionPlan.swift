internal import Model
internal import SeriesQuery

/// What a query must load, known before anything is evaluated: each selector once for all steps.
struct SelectionPlan {
    let frame: QueryFrame
    /// By the place of the selector in the query.
    private(set) var selections: [SourceRange: SeriesSelection] = [:]

    init(_ expression: Expression, on grid: Grid, frame: QueryFrame) throws(QueryError) {
        self.frame = frame
        try visit(expression, grid)
    }

    private mutating func visit(_ expression: Expression, _ grid: Grid) throws(QueryError) {
        switch expression {
        case .number, .string: break
        case .selector(let node): plan(node, grid, window: nil)
        case .matrix(let node): plan(node.selector, grid, window: node.window)
        case .subquery(let node):
            let inner = frame.innerGrid(of: node, on: grid)
            guard inner.count <= frame.options.maximumSubquerySteps else {
                throw QueryError(
                    .execution,
                    "subquery would be evaluated at \(inner.count) steps, more than \(frame.options.maximumSubquerySteps)",
                    at: node.range)
            }
            if inner.count > 0 { try visit(node.inner, inner) }
        case .call(let node): for argument in node.arguments { try visit(argument, grid) }
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

    /// - Parameter window: nil for an instant vector.
    private mutating func plan(_ node: VectorSelector, _ grid: Grid, window: Int64?) {
        let span = frame.reference(node.at, node.offset).span(of: grid)
        let reach = window ?? frame.options.lookback.milliseconds
        let open: Int64 = frame.options.leftOpenRanges ? 1 : 0
        let selection = SeriesSelection(
            matchers: node.matchers, start: Timestamp(milliseconds: span.lowerBound - reach + open),
            end: Timestamp(milliseconds: span.upperBound),
            need: window == nil && span.lowerBound == span.upperBound ? .newestSample : .everySample)
        selections[node.range] = selection
    }
}
