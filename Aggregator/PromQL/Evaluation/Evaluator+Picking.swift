internal import Model

// Aggregations that keep some of the series as they are: `topk`, `bottomk`, `limitk`, `limit_ratio`.
extension Evaluator {
    func pick(_ node: Aggregation, on grid: Grid) throws(QueryError) -> [ColumnSeries] {
        guard let expression = node.parameter else { throw QueryError(.internal, "no parameter", at: node.range) }
        let parameter = try scalar(expression, on: grid)
        try check(parameter, of: node)
        var list = try vector(node.inner, on: grid)
        var order: [Int] = []
        for group in groups(of: list, by: node) {
            for step in 0..<grid.count {
                try checkpoint()
                let present = group.members.filter { !list[$0].values[step].isStale }
                let picked = node.operation.picked(present, list, step: step, parameter: parameter[step])
                let kept = Set(picked)
                for member in present where !kept.contains(member) { list[member].values[step] = .stale }
                // An instant query shows the picked ones in their order.
                if grid.count == 1 { order += picked }
            }
            if grid.count > 1 { order += group.members }
        }
        return order.map { list[$0] }.filter { !$0.isEmpty }
    }

    private func check(_ parameter: [Double], of node: Aggregation) throws(QueryError) {
        for value in parameter {
            if node.operation == .limitRatio {
                if value.isNaN { throw QueryError(.execution, "Ratio value is NaN", at: node.range) }
                if value < -1 || value > 1, let range = node.parameter?.range {
                    warn("ratio value should be between -1 and 1, got \(NumberText.shortest(value))", at: range)
                }
            } else {
                if value.isNaN { throw QueryError(.execution, "Parameter value is NaN", at: node.range) }
                if value >= 9.2e18 || value <= -9.2e18 {
                    throw QueryError(
                        .execution, "Scalar value \(NumberText.shortest(value)) overflows int64", at: node.range)
                }
            }
        }
    }
}

extension AggregationOperation {
    /// Those of `members` (indices into `list`) that the aggregation keeps at `step`, best first.
    fileprivate func picked(_ members: [Int], _ list: [ColumnSeries], step: Int, parameter: Double) -> [Int] {
        switch self {
        case .limitRatio:
            return members.filter { Self.keeps(list[$0].labels, ratio: parameter) }
        case .limitk:
            return Array(members.prefix(Swift.max(Int(parameter), 0)))
        default:
            let count = Swift.max(Int(parameter), 0)
            let ranked = members.enumerated().sorted { left, right in
                let (a, b) = (list[left.element].values[step], list[right.element].values[step])
                // NaN is last in both directions; equals keep their order.
                if a.isNaN || b.isNaN { return a.isNaN == b.isNaN ? left.offset < right.offset : b.isNaN }
                if a == b { return left.offset < right.offset }
                return self == .topk ? a > b : a < b
            }
            return ranked.prefix(count).map(\.element)
        }
    }

    /// Whether a series belongs to the share `ratio` of all series (negative: to the complement of the rest). The share
    /// is by a hash of the labels (FNV-1a), so that it is the same at every step; Prometheus uses another hash.
    private static func keeps(_ labels: Labels, ratio: Double) -> Bool {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for label in labels {
            for byte in label.name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            hash = (hash ^ 0xff) &* 0x100_0000_01b3
            for byte in label.value.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            hash = (hash ^ 0xfe) &* 0x100_0000_01b3
        }
        let position = Double(hash >> 11) / Double(UInt64(1) << 53)
        return ratio >= 0 ? position < ratio : position >= 1 + ratio
    }
}
