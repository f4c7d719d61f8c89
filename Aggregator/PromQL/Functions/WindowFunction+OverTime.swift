internal import Model

// The `…_over_time` family, `changes` and `resets`.
extension WindowFunction {
    static let average = WindowFunction { series, window, _ in
        if let weights = series.weights {
            return weightedSum(series, weights, window) / weights[window.samples].reduce(0, +)
        }
        var mean = KahanMean(series.values[window.samples.lowerBound])
        for index in window.samples.dropFirst() { mean.add(series.values[index]) }
        return mean.value
    }

    static let sum = WindowFunction { series, window, _ in
        if let weights = series.weights { return weightedSum(series, weights, window) }
        var sum = KahanSum()
        for index in window.samples { sum.add(series.values[index]) }
        return sum.value
    }

    /// Of the samples that each of `series`' stands for.
    private static func weightedSum(_ series: RangeSeries, _ weights: [Double], _ window: Window) -> Double {
        var sum = KahanSum()
        for index in window.samples { sum.add(series.values[index] * weights[index]) }
        return sum.value
    }

    static let count = WindowFunction { series, window, _ in
        series.weights.map { $0[window.samples].reduce(0, +) } ?? Double(window.samples.count)
    }

    static let present = WindowFunction { _, _, _ in 1 }

    static let first = WindowFunction(keepsName: true) { series, window, _ in
        series.values[window.samples.lowerBound]
    }

    static let last = WindowFunction(keepsName: true) { series, window, _ in
        series.values[window.samples.upperBound - 1]
    }

    static let firstTimestamp = WindowFunction { series, window, _ in
        Double(series.timestamps[window.samples.lowerBound]) / 1000
    }

    static let lastTimestamp = WindowFunction { series, window, _ in
        Double(series.timestamps[window.samples.upperBound - 1]) / 1000
    }

    /// The value, or its time, that `isBetter` than all others; NaN only if there is nothing else.
    static func best(
        returnsTime: Bool = false, _ isBetter: @escaping @Sendable (_ new: Double, _ old: Double) -> Bool
    ) -> WindowFunction {
        WindowFunction { series, window, _ in
            var best = window.samples.lowerBound
            for index in window.samples
            where series.values[best].isNaN || isBetter(series.values[index], series.values[best]) { best = index }
            return returnsTime ? Double(series.timestamps[best]) / 1000 : series.values[best]
        }
    }

    static let quantileOverTime = WindowFunction(
        check: { _, q in q >= 0 && q <= 1 ? nil : .warning(invalidQuantile(q)) },
        body: { series, window, parameters in
            var values = Array(series.values[window.samples])
            return quantile(parameters[0], &values)
        })

    static let medianAbsoluteDeviation = WindowFunction { series, window, _ in
        var values = Array(series.values[window.samples])
        if values.contains(where: \.isNaN) { return .nan }
        let median = quantile(0.5, &values)
        var deviations = values.map { ($0 - median).magnitude }
        return quantile(0.5, &deviations)
    }

    /// The population variance, or its root.
    static func variance(isRoot: Bool) -> WindowFunction {
        WindowFunction { series, window, _ in
            var count = 0.0
            var mean = KahanSum()
            var squares = KahanSum()
            for index in window.samples {
                count += 1
                let value = series.values[index]
                let delta = value - (mean.sum + mean.compensation)
                mean.add(delta / count)
                squares.add(delta * (value - (mean.sum + mean.compensation)))
            }
            let variance = (squares.sum + squares.compensation) / count
            return isRoot ? variance.squareRoot() : variance
        }
    }

    static let resets = WindowFunction { series, window, _ in
        var count = 0
        for index in window.samples.dropFirst() where series.values[index] < series.values[index - 1] { count += 1 }
        return Double(count)
    }

    static let changes = WindowFunction { series, window, _ in
        var count = 0
        for index in window.samples.dropFirst() {
            let (before, value) = (series.values[index - 1], series.values[index])
            if value != before, !(value.isNaN && before.isNaN) { count += 1 }
        }
        return Double(count)
    }
}

/// Prometheus's words for a quantile outside of 0…1.
func invalidQuantile(_ q: Double) -> String {
    "quantile value should be between 0 and 1, got \(NumberText.shortest(q))"
}
