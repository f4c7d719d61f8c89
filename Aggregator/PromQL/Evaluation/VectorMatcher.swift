internal import Model

/// Arithmetic and comparison between vectors: pairs the series of both sides once, then goes through the steps.
struct VectorMatcher {
    private let node: BinaryOperation
    private let matching: VectorMatching
    private let grid: Grid
    private let signature: MatchSignature
    /// Whether the right side is the many side.
    private let isSwapped: Bool

    /// The series of both sides that share a signature.
    private struct Group {
        var key: Labels
        var many: [Int] = []
        var one: [Int] = []
    }

    init(_ node: BinaryOperation, _ matching: VectorMatching, grid: Grid) {
        self.node = node
        self.matching = matching
        self.grid = grid
        signature = MatchSignature(matching)
        isSwapped = matching.cardinality == .oneToMany
    }

    mutating func match(
        _ left: [ColumnSeries], _ right: [ColumnSeries], _ evaluator: Evaluator
    ) throws(QueryError) -> [ColumnSeries] {
        let many = isSwapped ? right : left
        let one = isSwapped ? left : right
        var result: [ColumnSeries] = []
        var presence: [Bool]?
        for group in groups(many, one) {
            try evaluator.checkpoint()
            if group.one.count > 1 {
                let steps = presence ?? Self.presence(of: many, grid.count)
                presence = steps
                try checkOneSide(group, one, whereAny: steps)
            }
            if group.many.count > 1 { try checkManySide(group, many, one, evaluator) }
            for first in group.many {
                for second in group.one {
                    if let pair = combine(many[first], one[second], evaluator) { result.append(pair) }
                }
            }
            result += filled(group, many, one, evaluator)
        }
        return try evaluator.merged(result)
    }

    /// In the order of the many side; signatures only the one side has come last (they may still be errors).
    private func groups(_ many: [ColumnSeries], _ one: [ColumnSeries]) -> [Group] {
        var numbers: [Labels: Int] = [:]
        var groups: [Group] = []
        func number(_ series: ColumnSeries) -> Int {
            let key = signature.of(series)
            if let number = numbers[key] { return number }
            numbers[key] = groups.count
            groups.append(Group(key: key))
            return groups.count - 1
        }
        for (index, series) in many.enumerated() { groups[number(series)].many.append(index) }
        for (index, series) in one.enumerated() { groups[number(series)].one.append(index) }
        return groups
    }

    private static func presence(of list: [ColumnSeries], _ count: Int) -> [Bool] {
        var steps = Array(repeating: false, count: count)
        for series in list {
            for (step, value) in series.values.enumerated() where !value.isStale { steps[step] = true }
        }
        return steps
    }

    // MARK: Errors

    /// Two series of the one side in one group at one step.
    private func checkOneSide(
        _ group: Group, _ one: [ColumnSeries], whereAny steps: [Bool]
    ) throws(QueryError) {
        for step in 0..<grid.count where steps[step] {
            let present = group.one.filter { !one[$0].values[step].isStale }
            guard present.count > 1 else { continue }
            let names = present.prefix(2).map { Self.text(one[$0].labels) }.sorted()
            throw QueryError(
                .execution,
                "found duplicate series for the match group \(Self.text(group.key)) on the \(isSwapped ? "left" : "right") hand-side of the operation: [\(names.joined(separator: ", "))];many-to-many matching not allowed: matching labels must be unique on one side",
                at: node.range)
        }
    }

    /// Two series of the many side with one partner at one step: allowed only if the result tells them apart.
    private func checkManySide(
        _ group: Group, _ many: [ColumnSeries], _ one: [ColumnSeries], _ evaluator: Evaluator
    ) throws(QueryError) {
        for step in 0..<grid.count {
            guard let partner = group.one.first(where: { !one[$0].values[step].isStale }) else { continue }
            let present = group.many.filter { !many[$0].values[step].isStale }
            guard present.count > 1 else { continue }
            if matching.cardinality == .oneToOne {
                throw QueryError(
                    .execution,
                    "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
                    at: node.range)
            }
            let results = Set(present.map { labels(many[$0], one[partner]) })
            guard results.count < present.count else { continue }
            throw QueryError(
                .execution, "multiple matches for labels: grouping labels must ensure unique matches", at: node.range)
        }
    }

    /// As Prometheus writes label sets in messages: `{a="b", c="d"}`.
    private static func text(_ labels: Labels) -> String {
        "{" + labels.map { "\($0.name)=\(quoted($0.value))" }.joined(separator: ", ") + "}"
    }

    // MARK: Results

    private func combine(_ many: ColumnSeries, _ one: ColumnSeries, _ evaluator: Evaluator) -> ColumnSeries? {
        let (operation, returnsBool) = (node.operator, node.returnsBool)
        var values = [Double](repeating: .stale, count: grid.count)
        var found = false
        for step in 0..<grid.count {
            let (first, second) = (many.values[step], one.values[step])
            if first.isStale || second.isStale { continue }
            let (left, right) = isSwapped ? (second, first) : (first, second)
            let value = operation.combine(left, right, kept: left, returnsBool: returnsBool)
            values[step] = value
            found = found || !value.isStale
        }
        guard found else { return nil }
        var result = ColumnSeries(labels: labels(many, one), values: values)
        if returnsBool {
            if evaluator.options.delayedNameRemoval {
                result.dropsName = true
            } else {
                result.labels = result.labels.withoutName
            }
        } else if operation.isComparison {
            result.dropsName = many.dropsName
        }
        return result
    }

    /// What `fill` adds: each side alone, where the other one has nothing.
    private func filled(
        _ group: Group, _ many: [ColumnSeries], _ one: [ColumnSeries], _ evaluator: Evaluator
    ) -> [ColumnSeries] {
        let (manyFill, oneFill) =
            isSwapped ? (matching.fillRight, matching.fillLeft) : (matching.fillLeft, matching.fillRight)
        /// A series with the group's labels where none of `members` has a value.
        func substitute(_ value: Double, for members: [ColumnSeries]) -> ColumnSeries {
            let present = Self.presence(of: members, grid.count)
            return ColumnSeries(labels: group.key, values: present.map { $0 ? .stale : value })
        }
        var result: [ColumnSeries] = []
        if let oneFill {
            let missing = substitute(oneFill, for: group.one.map { one[$0] })
            result += group.many.compactMap { combine(many[$0], missing, evaluator) }
        }
        if let manyFill {
            let missing = substitute(manyFill, for: group.many.map { many[$0] })
            result += group.one.compactMap { combine(missing, one[$0], evaluator) }
        }
        return result
    }

    private func labels(_ many: ColumnSeries, _ one: ColumnSeries) -> Labels {
        var labels = node.operator.isComparison ? many.labels : many.labels.withoutName
        if matching.cardinality == .oneToOne {
            labels = matching.isOn ? labels.keeping(Set(matching.labels)) : labels.dropping(Set(matching.labels))
        }
        for name in matching.include { labels[name] = one.labels[name] }
        return labels
    }
}
