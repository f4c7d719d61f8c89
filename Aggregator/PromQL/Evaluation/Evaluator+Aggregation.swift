internal import Model

extension Evaluator {
    func evaluate(_ node: Aggregation, on grid: Grid) throws(QueryError) -> [ColumnSeries] {
        switch node.operation {
        case .countValues: return try countValues(node, on: grid)
        case .topk, .bottomk, .limitk, .limitRatio: return try pick(node, on: grid)
        default: break
        }
        var parameter: [Double] = []
        if let expression = node.parameter { parameter = try scalar(expression, on: grid) }
        if node.operation == .quantile, let range = node.parameter?.range {
            for bits in Set(parameter.map(\.bitPattern)) {
                let q = Double(bitPattern: bits)
                if !(q >= 0 && q <= 1) { warn(invalidQuantile(q), at: range) }
            }
        }
        let list = try vector(node.inner, on: grid)
        return try groups(of: list, by: node).mapThrowing { group throws(QueryError) in
            try checkpoint()
            let members = group.members.map { list[$0] }
            return ColumnSeries(
                labels: group.labels, dropsName: group.dropsName,
                values: node.operation.aggregate(members, parameter, steps: grid.count))
        }
    }

    struct Group {
        var labels: Labels
        var dropsName = false
        var members: [Int] = []
    }

    /// The series of `list` by the labels of `by` or `without`, in order of appearance.
    func groups(of list: [ColumnSeries], by node: Aggregation) -> [Group] {
        let names = Set(node.isWithout ? node.grouping + [Labels.metricName] : node.grouping)
        var numbers: [Labels: Int] = [:]
        var groups: [Group] = []
        for (index, series) in list.enumerated() {
            let key: Labels
            if node.isWithout {
                key = series.labels.dropping(names)
            } else {
                key = names.isEmpty ? Labels() : series.labels.keeping(names)
            }
            let number = numbers[key] ?? groups.count
            if number == groups.count {
                numbers[key] = number
                groups.append(Group(labels: key))
            }
            groups[number].members.append(index)
            groups[number].dropsName = groups[number].dropsName || series.dropsName
        }
        return groups
    }

    /// `count_values("label", v)`.
    private func countValues(_ node: Aggregation, on grid: Grid) throws(QueryError) -> [ColumnSeries] {
        guard let parameter = node.parameter else { throw QueryError(.internal, "no label", at: node.range) }
        let label = try string(parameter)
        guard label.invalidBytes == nil, !label.value.isEmpty else {
            throw QueryError(.execution, "invalid label name \(label.quotedValue)", at: parameter.range)
        }
        let list = try vector(node.inner, on: grid)
        var numbers: [Labels: Int] = [:]
        var result: [ColumnSeries] = []
        for group in groups(of: list, by: node) {
            for member in group.members {
                try checkpoint()
                for (step, value) in list[member].values.enumerated() where !value.isStale {
                    var labels = group.labels
                    labels[label.value] = NumberText.decimal(value)
                    let number = numbers[labels] ?? result.count
                    if number == result.count {
                        try hold(number + 1, steps: grid.count, at: node.range)
                        numbers[labels] = number
                        result.append(
                            ColumnSeries(
                                labels: labels, dropsName: group.dropsName,
                                values: Array(repeating: .stale, count: grid.count)))
                    }
                    let before = result[number].values[step]
                    result[number].values[step] = before.isStale ? 1 : before + 1
                }
            }
        }
        return result
    }
}

extension Array {
    /// `map` that may throw a typed error.
    func mapThrowing<T>(_ change: (Element) throws(QueryError) -> T) throws(QueryError) -> [T] {
        var result: [T] = []
        result.reserveCapacity(count)
        for element in self { result.append(try change(element)) }
        return result
    }
}
