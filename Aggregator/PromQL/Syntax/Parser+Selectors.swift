internal import Model
internal import SeriesQuery

extension Parser {
    // MARK: Matchers

    /// `name{…}`, `name` or `{…}`.
    mutating func parseSelector(named name: String) throws(QueryError) -> VectorSelector {
        let start = current.range.start
        if !name.isEmpty { at += 1 }
        var name = name
        var matchers: [LabelMatcher] = []
        if isSymbol("{") {
            at += 1
            while !isSymbol("}") {
                if let quotedName = try parseMatcher(into: &matchers) {
                    guard name.isEmpty else {
                        throw error(
                            "metric name must not be set twice: \(quoted(name)) or \(quoted(quotedName))", last)
                    }
                    name = quotedName
                }
                guard isSymbol(",") else { break }
                at += 1
            }
            guard isSymbol("}") else { throw unexpected("label matching", expected: "\",\" or \"}\"") }
            at += 1
        }
        let range = SourceRange(start, last.end)
        if !name.isEmpty {
            if let twice = matchers.first(where: { $0.name == Labels.metricName && $0.operation == .equal }) {
                throw error("metric name must not be set twice: \(quoted(name)) or \(quoted(twice.value))", range)
            }
            matchers.append(.equal(Labels.metricName, name))
        }
        guard matchers.contains(where: { !$0.matchesEmpty }) else {
            throw error("vector selector must contain at least one non-empty matcher", range)
        }
        return VectorSelector(name: name, matchers: matchers, range: range)
    }

    /// `label="value"`; returns the name if it is only `"quoted name"`.
    private mutating func parseMatcher(into matchers: inout [LabelMatcher]) throws(QueryError) -> String? {
        let label: String
        switch current.kind {
        case .identifier(let name): label = name
        case .string(let literal):
            guard literal.invalidBytes == nil, !literal.value.isEmpty else {
                throw error("invalid label name \(literal.quotedValue)", current.range)
            }
            label = literal.value
            if isSymbol(",", ahead: 1) || isSymbol("}", ahead: 1) {
                at += 1
                return label
            }
        default: throw unexpected("label matching", expected: "identifier or \"}\"")
        }
        at += 1
        guard case .symbol(let symbol) = current.kind, let operation = LabelMatcher.Operation(rawValue: symbol) else {
            throw unexpected("label matching", expected: "label matching operator")
        }
        at += 1
        guard case .string(let value) = current.kind else { throw unexpected("label matching", expected: "string") }
        do {
            matchers.append(try LabelMatcher(label, operation, value.value))
        } catch {
            throw self.error("\(error)", current.range)
        }
        at += 1
        return nil
    }

    // MARK: Brackets, offset, @

    mutating func parsePostfix() throws(QueryError) -> Expression {
        var expression = try parsePrimary()
        while true {
            if isSymbol("[") {
                expression = try parseBrackets(expression)
            } else if isKeyword("offset") {
                at += 1
                expression = try applying(try parseOffset(), to: expression)
            } else if isSymbol("@") {
                at += 1
                expression = try applying(try parseInstant(), to: expression)
            } else {
                return expression
            }
        }
    }

    private mutating func parseBrackets(_ expression: Expression) throws(QueryError) -> Expression {
        at += 1
        let window = try parsePositiveDuration("subquery or range")
        if isSymbol("]") {
            at += 1
            let range = SourceRange(expression.range.start, last.end)
            guard case .selector(let selector) = expression else {
                throw error("ranges only allowed for vector selectors", range)
            }
            guard selector.offset == 0 else { throw error("no offset modifiers allowed before range", range) }
            guard selector.at == nil else { throw error("no @ modifiers allowed before range", range) }
            return .matrix(MatrixSelector(selector: selector, window: window, range: range))
        }
        try expect(":", in: "subquery or range")
        let interval = isSymbol("]") ? nil : try parsePositiveDuration("subquery selector")
        try expect("]", in: "subquery selector")
        let range = SourceRange(expression.range.start, last.end)
        guard expression.type == .vector else {
            throw error("subquery is only allowed on instant vector, got \(expression.type.rawValue) instead", range)
        }
        return .subquery(Subquery(inner: expression, window: window, interval: interval, range: range))
    }

    private mutating func parsePositiveDuration(_ context: String) throws(QueryError) -> Int64 {
        let range = current.range
        let duration = try parseDuration(context)
        guard duration > 0 else { throw error("duration must be greater than 0", range) }
        return duration
    }

    /// A duration, or a number of seconds, in milliseconds.
    private mutating func parseDuration(_ context: String) throws(QueryError) -> Int64 {
        switch current.kind {
        case .duration(let milliseconds):
            at += 1
            return milliseconds
        case .number(let seconds):
            // Go's durations are nanoseconds in 64 bits.
            guard let milliseconds = Int64(exactly: (seconds * 1000).rounded()), abs(seconds) < 9.2e9 else {
                throw error("duration out of range", current.range)
            }
            at += 1
            return milliseconds
        default: throw unexpected(context, expected: "duration")
        }
    }

    private mutating func parseSign() -> Int64 {
        guard isSymbol("-") || isSymbol("+") else { return 1 }
        at += 1
        return tokens[at - 1].kind == .symbol("-") ? -1 : 1
    }

    private mutating func parseOffset() throws(QueryError) -> Modifier {
        let sign = parseSign()
        return .offset(sign * (try parseDuration("offset")))
    }

    private mutating func parseInstant() throws(QueryError) -> Modifier {
        for (word, instant) in [("start", AtModifier.start), ("end", .end)]
        where isKeyword(word) && isSymbol("(", ahead: 1) {
            at += 2
            try expect(")", in: "@")
            return .at(instant)
        }
        let sign = parseSign()
        let range = current.range
        let seconds: Double
        switch current.kind {
        case .number(let value): seconds = value
        case .duration(let milliseconds): seconds = Double(milliseconds) / 1000
        case .identifier(let word): seconds = NumberText.number(word) ?? .nan
        default: throw unexpected("@", expected: "timestamp")
        }
        at += 1
        guard let milliseconds = Int64(exactly: (seconds * 1000).rounded()), abs(seconds) < 9.2e15 else {
            throw error("timestamp out of bounds for @ modifier", range)
        }
        return .at(.time(sign * milliseconds))
    }

    private enum Modifier {
        case offset(Int64)
        case at(AtModifier)

        var name: String {
            if case .offset = self { "offset" } else { "@" }
        }
    }

    private func applying(_ modifier: Modifier, to expression: Expression) throws(QueryError) -> Expression {
        switch expression {
        case .selector(var node):
            try apply(modifier, &node.offset, &node.at, node.range)
            node.range.end = last.end
            return .selector(node)
        case .matrix(var node):
            try apply(modifier, &node.selector.offset, &node.selector.at, node.range)
            node.range.end = last.end
            return .matrix(node)
        case .subquery(var node):
            try apply(modifier, &node.offset, &node.at, node.range)
            node.range.end = last.end
            return .subquery(node)
        default:
            throw error(
                "\(modifier.name) modifier must be preceded by an instant vector selector or range vector selector or a subquery",
                expression.range)
        }
    }

    private func apply(
        _ modifier: Modifier, _ offset: inout Int64, _ at: inout AtModifier?, _ range: SourceRange
    ) throws(QueryError) {
        switch modifier {
        case .offset(let value):
            guard offset == 0 else { throw error("offset may not be set multiple times", range) }
            offset = value
        case .at(let value):
            guard at == nil else { throw error("@ <timestamp> may not be set multiple times", range) }
            at = value
        }
    }
}
