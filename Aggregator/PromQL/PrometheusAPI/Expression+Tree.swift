internal import JSON
internal import SeriesQuery

// `parse_query`: the syntax tree, with Prometheus's names for its nodes.
extension Expression {
    func writeTree(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    private func writeMembers(to json: inout JSONWriter) {
        switch self {
        case .number(let node):
            json.member("type", "numberLiteral")
            json.member("val", NumberText.decimal(node.value))
        case .string(let node):
            json.member("type", "stringLiteral")
            json.member("val", node.value)
        case .selector(let node):
            json.member("type", "vectorSelector")
            Self.write(node, to: &json)
        case .matrix(let node):
            json.member("type", "matrixSelector")
            json.member("range", node.window)
            Self.write(node.selector, to: &json)
        case .subquery(let node):
            json.member("type", "subquery")
            json.member("expr", tree: node.inner)
            json.member("range", node.window)
            json.member("step", node.interval ?? 0)
            Self.write(node.offset, node.at, to: &json)
        case .call(let node):
            json.member("type", "call")
            json.key("func")
            json.object { node.function.writeMembers(to: &$0) }
            json.member("args", trees: node.arguments)
        case .aggregation(let node):
            json.member("type", "aggregation")
            json.member("op", node.operation.rawValue)
            json.member("expr", tree: node.inner)
            json.member("param", tree: node.parameter)
            json.member("grouping", strings: node.grouping)
            json.member("without", node.isWithout)
        case .binary(let node): Self.write(node, to: &json)
        case .unary(let node):
            json.member("type", "unaryExpr")
            json.member("op", node.isNegative ? "-" : "+")
            json.member("expr", tree: node.operand)
        case .parentheses(let node):
            json.member("type", "parenExpr")
            json.member("expr", tree: node.inner)
        }
    }

    private static func write(_ node: BinaryOperation, to json: inout JSONWriter) {
        json.member("type", "binaryExpr")
        json.member("op", node.operator.rawValue)
        json.member("lhs", tree: node.left)
        json.member("rhs", tree: node.right)
        json.member("bool", node.returnsBool)
        json.key("matching")
        guard let matching = node.matching else { return json.null() }
        json.object {
            $0.member("card", matching.cardinality.rawValue)
            $0.member("labels", strings: matching.labels)
            $0.member("on", matching.isOn)
            $0.member("include", strings: matching.include)
        }
    }

    private static func write(_ node: VectorSelector, to json: inout JSONWriter) {
        json.member("name", node.name)
        json.key("matchers")
        json.array {
            for matcher in node.matchers {
                $0.object {
                    $0.member("name", matcher.name)
                    $0.member("type", matcher.operation.rawValue)
                    $0.member("value", matcher.value)
                }
            }
        }
        write(node.offset, node.at, to: &json)
    }

    private static func write(_ offset: Int64, _ at: AtModifier?, to json: inout JSONWriter) {
        json.member("offset", offset)
        var (time, end): (Int64?, String?)
        switch at {
        case nil: break
        case .start: end = "start"
        case .end: end = "end"
        case .time(let instant): time = instant
        }
        json.member("timestamp", time)
        json.member("startOrEnd", end)
    }
}

extension FunctionSignature {
    fileprivate func writeMembers(to json: inout JSONWriter) {
        json.member("name", name)
        json.member("argTypes", strings: arguments.map(\.word))
        json.member("variadic", extra)
        json.member("returnType", returns.word)
    }
}

extension ValueType {
    /// Prometheus's short name.
    fileprivate var word: String {
        switch self {
        case .scalar: "scalar"
        case .string: "string"
        case .vector: "vector"
        case .matrix: "matrix"
        }
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ name: String, tree: Expression?) {
        key(name)
        if let tree { tree.writeTree(to: &self) } else { null() }
    }

    fileprivate mutating func member(_ name: String, trees: [Expression]) {
        key(name)
        array { for tree in trees { tree.writeTree(to: &$0) } }
    }

    fileprivate mutating func member(_ name: String, strings: [String]) {
        key(name)
        array { for text in strings { $0.string(text) } }
    }
}
