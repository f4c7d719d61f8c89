internal import Glibc
internal import Model

extension BinaryOperator {
    /// The value of an arithmetic operation; of a comparison 1 or 0.
    @inline(__always)
    func apply(_ left: Double, _ right: Double) -> Double {
        switch self {
        case .add: left + right
        case .subtract: left - right
        case .multiply: left * right
        case .divide: left / right
        case .modulo: fmod(left, right)
        case .power: pow(left, right)
        case .atan2: Glibc.atan2(left, right)
        case .equal: left == right ? 1 : 0
        case .notEqual: left != right ? 1 : 0
        case .greater: left > right ? 1 : 0
        case .less: left < right ? 1 : 0
        case .greaterOrEqual: left >= right ? 1 : 0
        case .lessOrEqual: left <= right ? 1 : 0
        case .and, .or, .unless: .nan
        }
    }

    /// The value for one pair of samples: `.stale` if a comparison filters it; `kept` is what a comparison lets through.
    @inline(__always)
    func combine(_ left: Double, _ right: Double, kept: Double, returnsBool: Bool) -> Double {
        let value = apply(left, right)
        guard isComparison, !returnsBool else { return value }
        return value == 1 ? kept : .stale
    }
}

extension Evaluator {
    func negate(_ node: UnaryOperation, on grid: Grid) throws(QueryError) -> Evaluated {
        let value = try evaluate(node.operand, on: grid)
        guard node.isNegative else { return value }
        switch value {
        case .scalar(let values): return .scalar(values.map { -$0 })
        case .vector(let list): return .vector(try droppingNames(list.map { Self.mapped($0) { -$0 } }))
        case .string: throw QueryError(.internal, "cannot negate a string", at: node.range)
        }
    }

    /// `series` with `change` applied to its values.
    static func mapped(_ series: ColumnSeries, _ change: (Double) -> Double) -> ColumnSeries {
        var series = series
        for (step, value) in series.values.enumerated() where !value.isStale { series.values[step] = change(value) }
        return series
    }

    func evaluate(_ node: BinaryOperation, on grid: Grid) throws(QueryError) -> Evaluated {
        let left = try evaluate(node.left, on: grid)
        let right = try evaluate(node.right, on: grid)
        switch (left, right) {
        case (.scalar(let left), .scalar(let right)):
            return .scalar(zip(left, right).map { node.operator.apply($0, $1) })
        case (.vector(let list), .scalar(let numbers)):
            return .vector(try combine(node, list, with: numbers, isSwapped: false))
        case (.scalar(let numbers), .vector(let list)):
            return .vector(try combine(node, list, with: numbers, isSwapped: true))
        case (.vector(let left), .vector(let right)):
            let matching = node.matching ?? VectorMatching()
            if node.operator.isSetOperator {
                return .vector(try SetOperation(matching).apply(node.operator, left, right, self))
            }
            var matcher = VectorMatcher(node, matching, grid: grid)
            return .vector(try matcher.match(left, right, self))
        default: throw QueryError(.internal, "binary operation on a string", at: node.range)
        }
    }

    /// A vector and a number: each series on its own.
    private func combine(
        _ node: BinaryOperation, _ list: [ColumnSeries], with numbers: [Double], isSwapped: Bool
    ) throws(QueryError) -> [ColumnSeries] {
        let (operation, returnsBool) = (node.operator, node.returnsBool)
        var result: [ColumnSeries] = []
        result.reserveCapacity(list.count)
        for var series in list {
            try checkpoint()
            var found = false
            for (step, value) in series.values.enumerated() where !value.isStale {
                let combined =
                    isSwapped
                    ? operation.combine(numbers[step], value, kept: value, returnsBool: returnsBool)
                    : operation.combine(value, numbers[step], kept: value, returnsBool: returnsBool)
                series.values[step] = combined
                found = found || !combined.isStale
            }
            if found { result.append(series) }
        }
        return !operation.isComparison || returnsBool ? try droppingNames(result) : result
    }
}
