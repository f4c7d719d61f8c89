internal import Model

// Classic histograms: series that differ in `le` only.
extension Evaluator {
    static func histogramQuantile(
        _ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid
    ) throws(QueryError) -> Evaluated {
        let q = try evaluator.scalar(call.arguments[0], on: grid)
        evaluator.warnAboutQuantiles(q, at: call.arguments[0].range)
        let list = try evaluator.quantiles(q, call.arguments[1], on: grid)
        return .vector(try evaluator.droppingNames(list))
    }

    static func histogramQuantiles(
        _ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid
    ) throws(QueryError) -> Evaluated {
        let label = try evaluator.string(call.arguments[1])
        var result: [ColumnSeries] = []
        for argument in call.arguments.dropFirst(2) {
            let q = try evaluator.scalar(argument, on: grid)
            evaluator.warnAboutQuantiles(q, at: argument.range)
            for var series in try evaluator.quantiles(q, call.arguments[0], on: grid) {
                series.labels[label.value] = NumberText.openMetrics(q.first ?? .nan)
                result.append(series)
            }
        }
        return .vector(try evaluator.merged(try evaluator.droppingNames(result)))
    }

    static func histogramFraction(
        _ evaluator: Evaluator, _ call: FunctionCall, _ grid: Grid
    ) throws(QueryError) -> Evaluated {
        let lower = try evaluator.scalar(call.arguments[0], on: grid)
        let upper = try evaluator.scalar(call.arguments[1], on: grid)
        let list = try evaluator.histograms(call.arguments[2], on: grid) { step, buckets, _ in
            guard var histogram = ClassicHistogram(buckets) else { return .nan }
            return histogram.fraction(from: lower[step], to: upper[step])
        }
        return .vector(try evaluator.droppingNames(list))
    }

    private func warnAboutQuantiles(_ values: [Double], at range: SourceRange) {
        for bits in Set(values.map(\.bitPattern)) {
            let q = Double(bitPattern: bits)
            if !(q >= 0 && q <= 1) { warn(invalidQuantile(q), at: range) }
        }
    }

    private func quantiles(
        _ q: [Double], _ expression: Expression, on grid: Grid
    ) throws(QueryError) -> [ColumnSeries] {
        try histograms(expression, on: grid) { step, buckets, labels in
            guard var histogram = ClassicHistogram(buckets) else {
                return q[step].isNaN ? .nan : q[step] < 0 ? -.infinity : q[step] > 1 ? .infinity : .nan
            }
            let value = histogram.quantile(q[step])
            if let repair = histogram.repair {
                inform(
                    "input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) for metric name \(quoted(labels.metric)), from buckets \(NumberText.shortest(repair.from)) to \(NumberText.shortest(repair.to)), with a max diff of \(NumberText.shortest(repair.difference))",
                    at: expression.range)
            }
            return value
        }
    }

    /// What `question` answers for each histogram at each step.
    private func histograms(
        _ expression: Expression, on grid: Grid,
        _ question: (_ step: Int, _ buckets: [Bucket], _ labels: Labels) -> Double
    ) throws(QueryError) -> [ColumnSeries] {
        let list = try vector(expression, on: grid)
        var groups: [(labels: Labels, dropsName: Bool, members: [(bound: Double, index: Int)])] = []
        var numbers: [Labels: Int] = [:]
        for (index, series) in list.enumerated() {
            let text = series.labels["le"] ?? ""
            guard let bound = NumberText.bound(text) else {
                warn(
                    "bucket label \"le\" is missing or has a malformed value of \(quoted(text)) for metric name \(quoted(series.labels.metric))",
                    at: expression.range)
                continue
            }
            var labels = series.labels
            labels["le"] = nil
            let number = numbers[labels] ?? groups.count
            if number == groups.count {
                numbers[labels] = number
                groups.append((labels, series.dropsName, []))
            }
            groups[number].members.append((bound, index))
        }
        var result: [ColumnSeries] = []
        for group in groups {
            try checkpoint()
            let members = group.members.sorted { $0.bound < $1.bound }
            var column = [Double](repeating: .stale, count: grid.count)
            var buckets: [Bucket] = []
            for step in 0..<grid.count {
                buckets.removeAll(keepingCapacity: true)
                for member in members {
                    let count = list[member.index].values[step]
                    if !count.isStale { buckets.append(Bucket(upperBound: member.bound, count: count)) }
                }
                if !buckets.isEmpty { column[step] = question(step, buckets, group.labels) }
            }
            result.append(ColumnSeries(labels: group.labels, dropsName: group.dropsName, values: column))
        }
        return result
    }
}
