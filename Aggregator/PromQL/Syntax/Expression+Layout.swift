extension Expression {
    /// Longer expressions are laid out over several lines, as Prometheus does.
    private static let longestLine = 100

    /// The query as people read it: one line if that is short, else a line for each part, indented.
    public func laidOut(level: Int = 0) -> String {
        let indent = String(repeating: " ", count: 2 * level)
        let line = description
        if case .unary(let node) = self {
            // The sign stands before the first line of what it negates.
            let operand = node.operand.laidOut(level: level).drop { $0 == " " }
            return indent + (node.isNegative ? "-" : "+") + operand
        }
        guard line.count > Self.longestLine else { return indent + line }
        func inside(_ parts: [Expression]) -> String {
            "(\n" + parts.map { $0.laidOut(level: level + 1) }.joined(separator: ",\n") + "\n\(indent))"
        }
        switch self {
        case .number, .string, .selector, .matrix, .unary: return indent + line
        case .parentheses(let node): return indent + inside([node.inner])
        case .call(let node): return indent + node.function.name + inside(node.arguments)
        case .aggregation(let node): return indent + node.head + inside([node.parameter, node.inner].compactMap { $0 })
        case .subquery(let node): return node.inner.laidOut(level: level) + Self.suffix(of: node)
        case .binary(let node):
            let (left, right) = (node.left.laidOut(level: level + 1), node.right.laidOut(level: level + 1))
            return "\(left)\n\(indent)\(node.middle)\n\(right)"
        }
    }
}
