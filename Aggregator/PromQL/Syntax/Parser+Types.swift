extension Parser {
    func check(_ call: FunctionCall) throws(QueryError) {
        let function = call.function
        let count = call.arguments.count
        if function.extra == 0, count != function.arguments.count {
            throw error(
                "expected \(function.arguments.count) argument(s) in call to \(quoted(function.name)), got \(count)",
                call.range)
        }
        if count < function.minimumCount {
            throw error(
                "expected at least \(function.minimumCount) argument(s) in call to \(quoted(function.name)), got \(count)",
                call.range)
        }
        if let maximum = function.maximumCount, count > maximum {
            throw error(
                "expected at most \(maximum) argument(s) in call to \(quoted(function.name)), got \(count)", call.range)
        }
        for (index, argument) in call.arguments.enumerated() {
            try expect(
                argument, function.argumentType(index), in: "call to function \(quoted(function.name))")
        }
    }

    func check(_ node: Aggregation) throws(QueryError) {
        try expect(node.inner, .vector, in: "aggregation expression")
        if let parameter = node.parameter, let type = node.operation.parameterType {
            try expect(parameter, type, in: "aggregation parameter")
        }
    }

    private func expect(_ expression: Expression, _ type: ValueType, in context: String) throws(QueryError) {
        guard expression.type == type else {
            throw error(
                "expected type \(type.rawValue) in \(context), got \(expression.type.rawValue)", expression.range)
        }
    }

    /// `node` with the matching it takes, if its sides and modifiers fit the operator.
    func checked(
        _ node: BinaryOperation, matching: VectorMatching?, operatorRange: SourceRange
    ) throws(QueryError) -> BinaryOperation {
        var node = node
        let left = node.left.type
        let right = node.right.type
        if node.returnsBool, !node.operator.isComparison {
            throw error("bool modifier can only be used on comparison operators", operatorRange)
        }
        if node.operator.isComparison, !node.returnsBool, left == .scalar, right == .scalar {
            throw error("comparisons between scalars must use BOOL modifier", operatorRange)
        }
        if let twice = matching?.include.first(where: { matching?.labels.contains($0) ?? false }),
            matching?.isOn ?? false
        {
            throw error("label \(quoted(twice)) must not occur in ON and GROUP clause at once", operatorRange)
        }
        for side in [node.left, node.right] where side.type != .scalar && side.type != .vector {
            throw error("binary expression must contain only scalar and instant vector types", side.range)
        }
        guard left == .vector, right == .vector else {
            if matching != nil {
                throw error("vector matching only allowed between instant vectors", operatorRange)
            }
            if node.operator.isSetOperator {
                throw error(
                    "set operator \(quoted(node.operator.rawValue)) not allowed in binary scalar expression",
                    operatorRange)
            }
            return node
        }
        var pairing = matching ?? VectorMatching()
        if node.operator.isSetOperator {
            guard pairing.cardinality == .oneToOne else {
                throw error("no grouping allowed for \(quoted(node.operator.rawValue)) operation", operatorRange)
            }
            guard pairing.fillLeft == nil, pairing.fillRight == nil else {
                throw error("filling in missing series not allowed for set operators", operatorRange)
            }
            pairing.cardinality = .manyToMany
        }
        node.matching = pairing
        return node
    }
}
