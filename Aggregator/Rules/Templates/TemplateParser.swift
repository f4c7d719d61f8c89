/// Text → nodes. Recursive descent over Unicode scalars; total, bounded in depth.
struct TemplateParser {
    private let text: [Character]
    private var at = 0
    private var depth = 0

    init(_ source: String) {
        text = Array(source)
    }

    mutating func parse() throws(RulesError) -> [TemplateNode] {
        let (nodes, end) = try sequence()
        if let end { throw problem("{{ \(end) }} without an if before it; take it out") }
        return nodes
    }

    // MARK: Text and actions

    /// Nodes up to the end of the text, or to `end` or `else`, whose word is returned.
    private mutating func sequence() throws(RulesError) -> ([TemplateNode], String?) {
        var nodes: [TemplateNode] = []
        var literal = ""
        while at < text.count {
            guard looking(at: "{{") else {
                literal.append(text[at])
                at += 1
                continue
            }
            at += 2
            if at < text.count, text[at] == "-", at + 1 < text.count, text[at + 1].isWhitespace {
                at += 1
                while let last = literal.last, last.isWhitespace { literal.removeLast() }
            }
            if !literal.isEmpty { nodes.append(.text(literal)) }
            literal = ""
            skipBlanks()
            if looking(at: "/*") {
                try comment()
                continue
            }
            let start = at
            let word = self.word()
            switch word {
            case "if": nodes.append(try choice())
            case "end", "else": return (nodes, word)
            case "range", "with", "define", "template", "block", "break", "continue":
                throw problem(
                    "{{ \(word) }} is not supported in alert rules here; write the text for one alert with $labels and "
                        + "$value")
            default:
                at = start
                nodes.append(.action(try pipeline()))
                try close()
            }
        }
        if !literal.isEmpty { nodes.append(.text(literal)) }
        return (nodes, nil)
    }

    private mutating func choice() throws(RulesError) -> TemplateNode {
        try descend()
        defer { depth -= 1 }
        var branches: [TemplateBranch] = []
        var condition: TemplateExpression? = try pipeline()
        try close()
        while true {
            let (nodes, end) = try sequence()
            branches.append(TemplateBranch(condition: condition, nodes: nodes))
            guard let end else { throw problem("an if has no {{ end }}; add it") }
            if end == "end" {
                try close()
                return .choice(branches)
            }
            guard condition != nil else { throw problem("a second else; only one can be last") }
            skipBlanks()
            let start = at
            if word() == "if" {
                condition = try pipeline()
            } else {
                at = start
                condition = nil
            }
            try close()
        }
    }

    private mutating func comment() throws(RulesError) {
        while at < text.count, !looking(at: "*/") { at += 1 }
        guard at < text.count else { throw problem("a comment is not closed; end it with */}}") }
        at += 2
        try close()
    }

    private mutating func close() throws(RulesError) {
        skipBlanks()
        if looking(at: "-}}") {
            at += 3
            skipBlanks()
        } else if looking(at: "}}") {
            at += 2
        } else if at >= text.count {
            throw problem("an action is not closed; end it with }}")
        } else {
            throw problem("unexpected '\(text[at])'; an action is a value or function, then }}")
        }
    }

    // MARK: Expressions

    /// `command | command | …`: each result is the last argument of the next.
    private mutating func pipeline() throws(RulesError) -> TemplateExpression {
        try descend()
        defer { depth -= 1 }
        var result = try command(piped: nil)
        while true {
            skipBlanks()
            guard at < text.count, text[at] == "|" else { return result }
            at += 1
            result = try command(piped: result)
        }
    }

    private mutating func command(piped: TemplateExpression?) throws(RulesError) -> TemplateExpression {
        skipBlanks()
        let start = at
        let name = word()
        guard !name.isEmpty, name != "true", name != "false" else {
            at = start
            let operand = try operand()
            if piped != nil { throw problem("after | comes a function, not a value") }
            return operand
        }
        guard let arity = TemplateFunctions.arities[name] else {
            throw problem(Self.unknown(name))
        }
        var arguments: [TemplateExpression] = []
        while true {
            skipBlanks()
            guard at < text.count, text[at] != "|", text[at] != ")", !looking(at: "}}"), !looking(at: "-}}") else {
                break
            }
            arguments.append(try operand())
        }
        if let piped { arguments.append(piped) }
        guard arity.contains(arguments.count) else {
            throw problem("\(name) takes \(Self.spoken(arity)), here are \(arguments.count)")
        }
        return .call(name, arguments)
    }

    private mutating func operand() throws(RulesError) -> TemplateExpression {
        skipBlanks()
        guard at < text.count else { throw problem("an action is not closed; end it with }}") }
        switch text[at] {
        case "(":
            at += 1
            let inner = try pipeline()
            skipBlanks()
            guard at < text.count, text[at] == ")" else { throw problem("a parenthesis is not closed") }
            at += 1
            return inner
        case "\"": return .string(try quoted())
        case "`": return .string(try raw())
        case "$", ".": return try variable()
        case "-", "+", "0"..."9": return try number()
        default:
            let start = at
            let name = word()
            if name == "true" || name == "false" { return .boolean(name == "true") }
            if TemplateFunctions.arities[name]?.contains(0) == true { return .call(name, []) }
            at = start
            if name.isEmpty {
                throw problem("unexpected '\(text[at])'; a value is $value, $labels.name, \"text\" or 1.5")
            }
            throw problem(
                TemplateFunctions.arities[name] == nil
                    ? Self.unknown(name) : "\(name) is an argument here; put it in parentheses: (\(name) …)")
        }
    }

    private mutating func variable() throws(RulesError) -> TemplateExpression {
        let start = at
        at += 1
        var path = word()
        while at < text.count, text[at] == "." {
            at += 1
            path += "." + word()
        }
        let written = String(text[start..<at])
        let parts = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let head = parts[0]
        switch (text[start], head, parts.count) {
        case ("$", "value", 1), (".", "Value", 1): return .value
        case ("$", "labels", 1), (".", "Labels", 1): return .labels
        case ("$", "labels", 2), (".", "Labels", 2):
            guard !parts[1].isEmpty else { break }
            return .label(parts[1])
        case ("$", "externalURL", 1), (".", "ExternalURL", 1): return .externalURL
        case ("$", "externalLabels", 1), (".", "ExternalLabels", 1): return .externalLabels
        case ("$", "externalLabels", 2), (".", "ExternalLabels", 2): return .externalLabel(parts[1])
        default: break
        }
        throw problem("\(written) is not known; there are $value, $labels.name and $externalURL")
    }

    private mutating func number() throws(RulesError) -> TemplateExpression {
        let start = at
        at += 1
        while at < text.count, text[at].isHexDigit || "+-._xX".contains(text[at]) { at += 1 }
        let written = String(text[start..<at])
        guard let value = Double(written) else { throw problem("\(written) is not a number") }
        return .number(value, isInteger: Int64(written) != nil)
    }

    private mutating func quoted() throws(RulesError) -> String {
        at += 1
        var result = ""
        while at < text.count, text[at] != "\"" {
            guard text[at] == "\\" else {
                result.append(text[at])
                at += 1
                continue
            }
            guard at + 1 < text.count else { break }
            switch text[at + 1] {
            case "n": result += "\n"
            case "t": result += "\t"
            case "\\": result += "\\"
            case "\"": result += "\""
            default: throw problem("\\\(text[at + 1]) is not an escape here; there are \\n \\t \\\\ \\\"")
            }
            at += 2
        }
        guard at < text.count else { throw problem("a string is not closed; end it with \"") }
        at += 1
        return result
    }

    private mutating func raw() throws(RulesError) -> String {
        at += 1
        let start = at
        while at < text.count, text[at] != "`" { at += 1 }
        guard at < text.count else { throw problem("a string is not closed; end it with `") }
        at += 1
        return String(text[start..<(at - 1)])
    }

    // MARK: Characters

    private mutating func word() -> String {
        let start = at
        while at < text.count, text[at] == "_" || (text[at].isASCII && (text[at].isLetter || text[at].isNumber)) {
            if at == start, text[at].isNumber { break }
            at += 1
        }
        return String(text[start..<at])
    }

    private mutating func skipBlanks() {
        while at < text.count, text[at].isWhitespace { at += 1 }
    }

    private func looking(at token: String) -> Bool {
        text[at...].starts(with: token)
    }

    private mutating func descend() throws(RulesError) {
        depth += 1
        guard depth <= 32 else { throw problem("nested deeper than 32 levels; simplify it") }
    }

    private func problem(_ what: String) -> RulesError {
        RulesError(.template, "template, character \(at + 1): \(what)")
    }

    private static func unknown(_ name: String) -> String {
        let known = TemplateFunctions.arities.keys.sorted().joined(separator: ", ")
        let reason = TemplateFunctions.refused[name] ?? "there is no such function"
        return "\(name): \(reason); there are \(known)"
    }

    private static func spoken(_ arity: ClosedRange<Int>) -> String {
        if arity.upperBound == Int.max { return "\(arity.lowerBound) or more arguments" }
        return arity.count == 1
            ? "\(arity.lowerBound) argument(s)" : "\(arity.lowerBound) to \(arity.upperBound) arguments"
    }
}
