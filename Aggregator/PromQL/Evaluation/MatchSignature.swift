internal import Model

/// The labels by which series of both sides find each other.
struct MatchSignature {
    private let labels: Set<String>
    private let isOn: Bool

    init(_ matching: VectorMatching) {
        isOn = matching.isOn
        labels = matching.isOn ? Set(matching.labels) : Set(matching.labels + [Labels.metricName])
    }

    func of(_ series: ColumnSeries) -> Labels {
        isOn ? series.labels.keeping(labels) : series.labels.dropping(labels)
    }
}

/// `and`, `or`, `unless`.
struct SetOperation {
    private let signature: MatchSignature

    init(_ matching: VectorMatching) { signature = MatchSignature(matching) }

    func apply(
        _ operation: BinaryOperator, _ left: [ColumnSeries], _ right: [ColumnSeries], _ evaluator: Evaluator
    ) throws(QueryError) -> [ColumnSeries] {
        switch operation {
        case .and: return try filtered(left, by: right, keepsMatched: true, evaluator)
        case .unless: return try filtered(left, by: right, keepsMatched: false, evaluator)
        default:
            let added = try filtered(right, by: left, keepsMatched: false, evaluator)
            return try evaluator.merged(left + added)
        }
    }

    /// `list` at the steps where a series of `others` with the same signature is present, or is not.
    private func filtered(
        _ list: [ColumnSeries], by others: [ColumnSeries], keepsMatched: Bool, _ evaluator: Evaluator
    ) throws(QueryError) -> [ColumnSeries] {
        var present: [Labels: [Bool]] = [:]
        for other in others {
            try evaluator.checkpoint()
            let key = signature.of(other)
            var steps = present.removeValue(forKey: key) ?? Array(repeating: false, count: other.values.count)
            for (step, value) in other.values.enumerated() where !value.isStale { steps[step] = true }
            present[key] = steps
        }
        var result: [ColumnSeries] = []
        for var series in list {
            try evaluator.checkpoint()
            guard let steps = present[signature.of(series)] else {
                if !keepsMatched { result.append(series) }
                continue
            }
            for step in series.values.indices where steps[step] != keepsMatched { series.values[step] = .stale }
            if !series.isEmpty { result.append(series) }
        }
        return result
    }
}
