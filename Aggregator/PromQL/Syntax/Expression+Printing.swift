internal import Model
internal import SeriesQuery

extension Expression: CustomStringConvertible {
    /// The query in one line, as Prometheus formats it; parses to the same tree.
    public var description: String {
        switch self {
        case .number(let node):
            if node.isDuration, let milliseconds = Int64(exactly: (node.value * 1000).rounded()) {
                return NumberText.text(ofDuration: milliseconds)
            }
            return NumberText.shortest(node.value)
        case .string(let node): return node.quotedValue
        case .selector(let node): return Self.series(node) + Self.modifiers(node.offset, node.at)
        case .matrix(let node):
            return Self.series(node.selector) + "[\(NumberText.text(ofDuration: node.window))]"
                + Self.modifiers(node.selector.offset, node.selector.at)
        case .subquery(let node):
            return node.inner.description + Self.suffix(of: node)
        case .call(let node):
            return "\(node.function.name)(\(node.arguments.map(\.description).joined(separator: ", ")))"
        case .aggregation(let node): return node.description
        case .binary(let node): return node.description
        case .unary(let node): return (node.isNegative ? "-" : "+") + node.operand.description
        case .parentheses(let node): return "(\(node.inner))"
        }
    }

    private static func series(_ node: VectorSelector) -> String {
        let isPlain = NumberText.isMetricName(node.name)
        var conditions = node.matchers.filter { $0 != .equal(Labels.metricName, node.name) || node.name.isEmpty }
            .map { "\(labelName($0.name))\($0.operation.rawValue)\(quoted($0.value))" }
        if !node.name.isEmpty, !isPlain { conditions.insert(quoted(node.name), at: 0) }
        let name = isPlain ? node.name : ""
        return conditions.isEmpty && !name.isEmpty ? name : "\(name){\(conditions.joined(separator: ","))}"
    }

    /// `[1h:5m] @ end() offset 1m`.
    static func suffix(of node: Subquery) -> String {
        let interval = node.interval.map { NumberText.text(ofDuration: $0) } ?? ""
        return "[\(NumberText.text(ofDuration: node.window)):\(interval)]" + modifiers(node.offset, node.at)
    }

    private static func modifiers(_ offset: Int64, _ at: AtModifier?) -> String {
        var result = ""
        switch at {
        case nil: break
        case .start: result += " @ start()"
        case .end: result += " @ end()"
        case .time(let milliseconds):
            let fraction = String(milliseconds.magnitude % 1000 + 1000).dropFirst()
            result += " @ \(milliseconds < 0 ? "-" : "")\(milliseconds.magnitude / 1000).\(fraction)"
        }
        if offset != 0 { result += " offset \(NumberText.text(ofDuration: offset))" }
        return result
    }

    fileprivate static func labelName(_ name: String) -> String {
        NumberText.isMetricName(name) && !name.contains(":") ? name : quoted(name)
    }

    fileprivate static func list(_ names: [String]) -> String {
        "(\(names.map(labelName).joined(separator: ", ")))"
    }
}

extension Aggregation {
    var description: String { "\(head)(\(parameter.map { "\($0), " } ?? "")\(inner))" }

    /// All before the opening parenthesis.
    var head: String {
        var result = operation.rawValue
        if isWithout {
            result += " without \(Expression.list(grouping)) "
        } else if !grouping.isEmpty {
            result += " by \(Expression.list(grouping)) "
        }
        return result
    }
}

extension BinaryOperation {
    var description: String { "\(left) \(middle) \(right)" }

    /// The operator and all that belongs to it.
    var middle: String {
        var middle = self.operator.rawValue
        if returnsBool { middle += " bool" }
        if let matching {
            if matching.isOn || !matching.labels.isEmpty
                || matching.cardinality != .oneToOne && !self.operator.isSetOperator
            {
                middle += " \(matching.isOn ? "on" : "ignoring") \(Expression.list(matching.labels))"
            }
            switch matching.cardinality {
            case .manyToOne: middle += " group_left \(Expression.list(matching.include))"
            case .oneToMany: middle += " group_right \(Expression.list(matching.include))"
            case .oneToOne, .manyToMany: break
            }
            middle += matching.fillDescription
        }
        return middle
    }
}

extension VectorMatching {
    fileprivate var fillDescription: String {
        if let fillLeft, fillLeft.bitPattern == fillRight?.bitPattern {
            return " fill (\(NumberText.shortest(fillLeft)))"
        }
        return (fillLeft.map { " fill_left (\(NumberText.shortest($0)))" } ?? "")
            + (fillRight.map { " fill_right (\(NumberText.shortest($0)))" } ?? "")
    }
}

extension NumberText {
    /// As short as it can be read back.
    static func shortest(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let text = value.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    static func isMetricName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first < 0x30 || first > 0x39 else { return false }
        return text.utf8.allSatisfy {
            $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a || $0 >= 0x30 && $0 <= 0x39 || $0 == 0x5f || $0 == 0x3a
        }
    }
}
