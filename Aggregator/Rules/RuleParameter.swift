public import PromQL

/// A number of an expression that has a name, so that it can be another one on some clusters: in the rule's file the
/// number is followed, on its line, by `# parameter NAME UNIT: what it means`.
public struct RuleParameter: Hashable, Sendable {
    /// Unique in the rule.
    public var name: String
    /// `s`, `%`, `bytes`, `ratio`, `count`, `1/s`, …
    public var unit: String
    /// What it means, for people.
    public var meaning: String
    /// As the file has it.
    public var value: Double
    /// The number's place in the expression.
    public var range: SourceRange
}

extension RuleParameter {
    /// The parameters of `query`, in its order.
    ///
    /// - Throws: `.parameter` when a comment that declares one has no number before it, or a name stands twice.
    static func all(of query: Query) throws(RulesError) -> [RuleParameter] {
        let text = Array(query.text.utf8)
        var parameters: [RuleParameter] = []
        let numbers = query.expression.numbers
        for comment in comments(in: text) {
            guard let words = declaration(text[comment]) else { continue }
            let lineStart = text[..<comment.lowerBound].lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
            let before = numbers.filter { $0.range.start >= lineStart && $0.range.end <= comment.lowerBound }
            guard let number = before.max(by: { $0.range.start < $1.range.start }) else {
                throw RulesError(
                    .parameter, "the parameter \"\(words.name)\" has no number before it on its line; write `> 5 # …`")
            }
            guard !parameters.contains(where: { $0.name == words.name }) else {
                throw RulesError(.parameter, "the parameter \"\(words.name)\" twice; give each its own name")
            }
            parameters.append(
                RuleParameter(
                    name: words.name, unit: words.unit, meaning: words.meaning, value: number.value,
                    range: number.range))
        }
        return parameters
    }

    /// `query` with other numbers.
    ///
    /// - Parameter values: by name; finite. A name that is no parameter is left out.
    static func query(
        _ query: Query, _ parameters: [RuleParameter], with values: [String: Double]
    ) throws(QueryError) -> Query {
        var text = Array(query.text.utf8)
        for parameter in parameters.sorted(by: { $0.range.start > $1.range.start }) {
            guard let value = values[parameter.name] else { continue }
            text.replaceSubrange(parameter.range.start..<parameter.range.end, with: Array("\(value)".utf8))
        }
        return try Query(String(decoding: text, as: UTF8.self))
    }

    /// From `#` to the end of the line, outside of strings.
    private static func comments(in text: [UInt8]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var quote: UInt8?
        var at = 0
        while at < text.count {
            let byte = text[at]
            if let open = quote {
                if byte == 0x5c, open != 0x60 { at += 1 } else if byte == open { quote = nil }
            } else if byte == 0x22 || byte == 0x27 || byte == 0x60 {
                quote = byte
            } else if byte == 0x23 {
                let end = text[at...].firstIndex(of: 0x0a) ?? text.count
                found.append(at..<end)
                at = end
                continue
            }
            at += 1
        }
        return found
    }

    /// `# parameter NAME UNIT: meaning`; nil for any other comment.
    private static func declaration(_ comment: ArraySlice<UInt8>) -> (name: String, unit: String, meaning: String)? {
        let text = String(decoding: comment.drop { $0 == 0x23 || $0 == 0x20 }, as: UTF8.self)
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let words = text[..<colon].split(separator: " ").map(String.init)
        guard words.count == 3, words[0] == "parameter",
            words[1].allSatisfy({ $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "_") })
        else { return nil }
        let meaning = text[text.index(after: colon)...].drop { $0 == " " }
        return meaning.isEmpty ? nil : (words[1], words[2], String(meaning))
    }
}

extension Expression {
    /// Every number that stands in it.
    fileprivate var numbers: [NumberLiteral] {
        if case .number(let number) = self { return [number] }
        return children.flatMap(\.numbers)
    }

    /// What it is made of.
    var children: [Expression] {
        switch self {
        case .number, .string, .selector, .matrix: []
        case .subquery(let node): [node.inner]
        case .call(let node): node.arguments
        case .aggregation(let node): [node.inner] + (node.parameter.map { [$0] } ?? [])
        case .binary(let node): [node.left, node.right]
        case .unary(let node): [node.operand]
        case .parentheses(let node): [node.inner]
        }
    }

    /// The metrics that its selectors name, in order.
    public var metricNames: [String] { selectors.map(\.name).filter { !$0.isEmpty } }

    /// Every selector in it, in order.
    var selectors: [VectorSelector] {
        switch self {
        case .selector(let node): [node]
        case .matrix(let node): [node.selector]
        default: children.flatMap(\.selectors)
        }
    }
}
