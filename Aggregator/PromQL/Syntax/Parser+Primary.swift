internal import Model
internal import SeriesQuery

extension Parser {
    /// What stands between operators, without brackets, `offset` and `@` behind it.
    mutating func parsePrimary() throws(QueryError) -> Expression {
        let token = current
        switch token.kind {
        case .number(let value):
            at += 1
            return .number(NumberLiteral(value: value, range: token.range))
        case .duration(let milliseconds):
            at += 1
            return .number(NumberLiteral(value: Double(milliseconds) / 1000, isDuration: true, range: token.range))
        case .string(let literal):
            at += 1
            return .string(literal)
        case .symbol("("):
            at += 1
            let inner = try parseExpression(1)
            guard isSymbol(")") else {
                throw current.kind == .end
                    ? error("unclosed left parenthesis", current.range)
                    : unexpected("", expected: "")
            }
            at += 1
            return .parentheses(Parentheses(inner: inner, range: SourceRange(token.range.start, last.end)))
        case .symbol("{"): return .selector(try parseSelector(named: ""))
        case .identifier(let word): return try parseWord(word)
        default: throw unexpected("", expected: "")
        }
    }

    /// A number, an aggregation, a call or a selector that begins with a name.
    private mutating func parseWord(_ word: String) throws(QueryError) -> Expression {
        let lower = word.lowercased()
        if let operation = AggregationOperation(rawValue: lower),
            isSymbol("(", ahead: 1) || isKeyword("by", ahead: 1) || isKeyword("without", ahead: 1)
        {
            return .aggregation(try parseAggregation(operation))
        }
        if lower == "inf" || lower == "nan", let value = NumberText.number(lower), !isSymbol("{", ahead: 1) {
            let range = current.range
            at += 1
            return .number(NumberLiteral(value: value, range: range))
        }
        if isSymbol("(", ahead: 1), !Self.keywords.contains(lower) { return .call(try parseCall(word)) }
        guard !["on", "ignoring", "group_left", "group_right", "bool"].contains(lower) else {
            throw unexpected("", expected: "")
        }
        return .selector(try parseSelector(named: word))
    }

    // MARK: Calls and aggregations

    private mutating func parseCall(_ name: String) throws(QueryError) -> FunctionCall {
        let nameRange = current.range
        guard let function = FunctionSignature.named(name) else {
            let experiment = name == "info" ? ": it is an experiment of Prometheus that is not supported here" : ""
            throw error("unknown function with name \(quoted(name))\(experiment)", nameRange)
        }
        if function.isExperimental, !allowsExperimental {
            throw error("function \(quoted(name)) is not enabled", nameRange)
        }
        at += 1
        let arguments = try parseArguments()
        let call = FunctionCall(
            function: function, arguments: arguments, range: SourceRange(nameRange.start, last.end))
        try check(call)
        return call
    }

    private mutating func parseArguments() throws(QueryError) -> [Expression] {
        try expect("(", in: "function call")
        var arguments: [Expression] = []
        while !isSymbol(")") {
            arguments.append(try parseExpression(1))
            guard isSymbol(",") else { break }
            at += 1
            if isSymbol(")") { throw error("trailing commas not allowed in function call args", current.range) }
        }
        guard isSymbol(")") else {
            throw current.kind == .end
                ? error("unclosed left parenthesis", current.range)
                : unexpected("", expected: "")
        }
        at += 1
        return arguments
    }

    private mutating func parseAggregation(_ operation: AggregationOperation) throws(QueryError) -> Aggregation {
        let start = current.range
        if operation.isExperimental, !allowsExperimental {
            throw error("\(operation.rawValue)() is experimental and must be enabled", start)
        }
        at += 1
        var modifier = try parseGrouping()
        var arguments = try parseArguments()
        if modifier == nil { modifier = try parseGrouping() }
        let range = SourceRange(start.start, last.end)
        let wanted = operation.parameterType == nil ? 1 : 2
        guard arguments.count == wanted else {
            throw error(
                arguments.isEmpty
                    ? "no arguments for aggregate expression provided"
                    : "wrong number of arguments for aggregate expression provided, expected \(wanted), got \(arguments.count)",
                range)
        }
        let inner = arguments.removeLast()
        let node = Aggregation(
            operation: operation, inner: inner, parameter: arguments.first, grouping: modifier?.labels ?? [],
            isWithout: modifier?.isWithout ?? false, range: range)
        try check(node)
        return node
    }

    private mutating func parseGrouping() throws(QueryError) -> (labels: [String], isWithout: Bool)? {
        guard isKeyword("by") || isKeyword("without") else { return nil }
        let isWithout = isKeyword("without")
        at += 1
        return (try parseLabelNames(in: "grouping opts"), isWithout)
    }

    /// `(a, b)`: names, keywords too, or strings.
    mutating func parseLabelNames(in context: String) throws(QueryError) -> [String] {
        try expect("(", in: context)
        var names: [String] = []
        while !isSymbol(")") {
            switch current.kind {
            case .identifier(let name) where !name.contains(":"): names.append(name)
            case .string(let literal):
                guard literal.invalidBytes == nil, !literal.value.isEmpty else {
                    throw error("invalid label name for grouping: \(literal.quotedValue)", current.range)
                }
                names.append(literal.value)
            default: throw unexpected(context, expected: "label")
            }
            at += 1
            guard isSymbol(",") else { break }
            at += 1
        }
        guard isSymbol(")") else { throw unexpected(context, expected: "\",\" or \")\"") }
        at += 1
        return names
    }

    /// The range of the token read last.
    var last: SourceRange { tokens[max(at - 1, 0)].range }
}
