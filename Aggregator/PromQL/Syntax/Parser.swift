internal import SeriesQuery

/// Reads Prometheus's query language by recursive descent. Types are checked on the way.
struct Parser {
    /// Deepest nesting of a query, and longest chain of operators.
    static let maximumDepth = 250

    let text: [UInt8]
    let tokens: [Token]
    let allowsExperimental: Bool
    var at = 0
    private var depth = 0

    init(_ query: String, allowsExperimental: Bool) throws(QueryError) {
        var lexer = Lexer(query)
        text = lexer.bytes
        tokens = try lexer.tokens()
        self.allowsExperimental = allowsExperimental
    }

    mutating func parse() throws(QueryError) -> Expression {
        guard current.kind != .end else { throw error("no expression found in input", current.range) }
        let expression = try parseExpression(1)
        guard current.kind == .end else { throw unexpected("", expected: "") }
        return expression
    }

    // MARK: Operators

    /// An expression of operators that bind at least as tight as `minimum`.
    mutating func parseExpression(_ minimum: Int) throws(QueryError) -> Expression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw error("expression nests too deeply", current.range) }
        var left = try parseUnary()
        var chain = 0
        while let operation = binaryOperator, operation.precedence >= minimum {
            chain += 1
            guard chain <= Self.maximumDepth else { throw error("too many operators in a row", current.range) }
            left = try parseBinary(left, operation)
        }
        return left
    }

    /// The next token if it is a binary operator.
    private var binaryOperator: BinaryOperator? {
        switch current.kind {
        case .symbol(let text): BinaryOperator(rawValue: text)
        case .identifier(let word): BinaryOperator(rawValue: word.lowercased())
        default: nil
        }
    }

    private mutating func parseUnary() throws(QueryError) -> Expression {
        guard isSymbol("-") || isSymbol("+") else { return try parsePostfix() }
        let isNegative = isSymbol("-")
        let start = current.range.start
        at += 1
        // A sign binds looser than a power: -2^2 is -(2^2).
        let operand = try parseExpression(BinaryOperator.power.precedence)
        let range = SourceRange(start, operand.range.end)
        if case .number(var number) = operand {
            if isNegative { number.value.negate() }
            number.range = range
            return .number(number)
        }
        guard operand.type == .scalar || operand.type == .vector else {
            throw error(
                "unary expression only allowed on expressions of type scalar or instant vector, got \"\(operand.type.rawValue)\"",
                range)
        }
        return .unary(UnaryOperation(isNegative: isNegative, operand: operand, range: range))
    }

    private mutating func parseBinary(_ left: Expression, _ operation: BinaryOperator) throws(QueryError) -> Expression
    {
        let operatorRange = current.range
        at += 1
        var returnsBool = false
        if isKeyword("bool") {
            at += 1
            returnsBool = true
        }
        let matching = try parseMatching()
        let isRightAssociative = operation == .power
        let right = try parseExpression(operation.precedence + (isRightAssociative ? 0 : 1))
        let node = BinaryOperation(
            operator: operation, left: left, right: right, matching: nil, returnsBool: returnsBool,
            range: SourceRange(left.range.start, right.range.end))
        return .binary(try checked(node, matching: matching, operatorRange: operatorRange))
    }

    private mutating func parseMatching() throws(QueryError) -> VectorMatching? {
        var matching = VectorMatching()
        let start = at
        if isKeyword("on") || isKeyword("ignoring") {
            matching.isOn = isKeyword("on")
            at += 1
            matching.labels = try parseLabelNames(in: "grouping opts")
            if isKeyword("group_left") || isKeyword("group_right") {
                matching.cardinality = isKeyword("group_left") ? .manyToOne : .oneToMany
                at += 1
                if isSymbol("(") { matching.include = try parseLabelNames(in: "grouping opts") }
            }
        }
        while isSymbol("(", ahead: 1), isKeyword("fill") || isKeyword("fill_left") || isKeyword("fill_right") {
            let (fillsLeft, fillsRight) = (!isKeyword("fill_right"), !isKeyword("fill_left"))
            guard allowsExperimental else {
                throw error("binary operation fill modifiers are experimental and not enabled", current.range)
            }
            at += 2
            let value = try parseFillValue()
            if fillsLeft { matching.fillLeft = value }
            if fillsRight { matching.fillRight = value }
        }
        return at == start ? nil : matching
    }

    /// A signed number and the closing parenthesis.
    private mutating func parseFillValue() throws(QueryError) -> Double {
        guard case .number(let literal) = try parseUnary() else {
            throw unexpected("fill modifier", expected: "number")
        }
        try expect(")", in: "fill modifier")
        return literal.value
    }

    // MARK: Tokens

    var current: Token { tokens[at] }

    func isSymbol(_ text: String, ahead: Int = 0) -> Bool {
        at + ahead < tokens.count && tokens[at + ahead].kind == .symbol(text)
    }

    func isKeyword(_ word: String, ahead: Int = 0) -> Bool {
        guard at + ahead < tokens.count, case .identifier(let text) = tokens[at + ahead].kind else { return false }
        return text.lowercased() == word
    }

    mutating func expect(_ symbol: String, in context: String) throws(QueryError) {
        guard isSymbol(symbol) else { throw unexpected(context, expected: "\"\(symbol)\"") }
        at += 1
    }

    func error(_ message: String, _ range: SourceRange) -> QueryError {
        QueryError(.badData, "\(range.place(in: text)): parse error: \(message)", at: range)
    }

    /// `unexpected <op:+> in aggregation, expected "("`.
    func unexpected(_ context: String, expected: String) -> QueryError {
        let token = current
        let written = String(decoding: text[token.range.start..<token.range.end], as: UTF8.self)
        let what: String
        switch token.kind {
        case .end: what = "end of input"
        case .identifier(let word):
            let lower = word.lowercased()
            if BinaryOperator(rawValue: lower) != nil {
                what = "<op:\(lower)>"
            } else if AggregationOperation(rawValue: lower) != nil {
                what = "<aggr:\(lower)>"
            } else if Self.keywords.contains(lower) {
                what = "<\(lower)>"
            } else {
                what = "identifier \(quoted(word))"
            }
        case .number: what = "number \(quoted(written))"
        case .duration: what = "duration \(quoted(written))"
        case .string: what = "string \(quoted(written))"
        case .symbol(let symbol):
            what = BinaryOperator(rawValue: symbol) == nil ? quoted(symbol) : "<op:\(symbol)>"
        }
        var message = "unexpected \(what)"
        if !context.isEmpty { message += " in \(context)" }
        if !expected.isEmpty { message += ", expected \(expected)" }
        return error(message, token.range)
    }

    static let keywords: Set<String> = [
        "offset", "by", "without", "on", "ignoring", "group_left", "group_right", "bool",
    ]
}
