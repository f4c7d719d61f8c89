extension Expression {
    /// Functions whose value depends on the evaluation's instant even if their arguments do not.
    private static let timeDependent: Set<String> = [
        "days_in_month", "day_of_month", "day_of_week", "day_of_year", "hour", "minute", "month", "year",
        "predict_linear", "time", "timestamp",
    ]

    /// Whether it has the same value at every step, so that one step is enough.
    var isStepInvariant: Bool {
        switch self {
        case .number, .string: true
        case .selector(let node): node.at != nil
        case .matrix(let node): node.selector.at != nil
        case .subquery(let node): node.at != nil
        case .call(let node):
            !Self.timeDependent.contains(node.function.name) && node.arguments.allSatisfy(\.isStepInvariant)
        case .aggregation(let node): node.inner.isStepInvariant && (node.parameter?.isStepInvariant ?? true)
        case .binary(let node): node.left.isStepInvariant && node.right.isStepInvariant
        case .unary(let node): node.operand.isStepInvariant
        case .parentheses(let node): node.inner.isStepInvariant
        }
    }
}
