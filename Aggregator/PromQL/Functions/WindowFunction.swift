internal import Model
internal import SeriesQuery

/// A function of the samples in a window: `rate`, `max_over_time`, …
struct WindowFunction: Sendable {
    enum Objection {
        case warning(String)
        case failure(String)
    }

    /// The value for one window, which holds at least `minimumSamples`; `.stale` for none.
    typealias Body = @Sendable (_ series: RangeSeries, _ window: Window, _ parameters: [Double]) -> Double

    /// Windows with fewer samples have no value.
    var minimumSamples = 1
    /// Whether `__name__` stays.
    var keepsName = false
    /// Whether it is meant for counters only.
    var wantsCounter = false
    /// What is wrong with the value of scalar argument number `index`.
    var check: (@Sendable (_ index: Int, _ value: Double) -> Objection?)?
    var body: Body

    /// Samples that are looked at between two checkpoints: a few milliseconds also where each is sorted.
    private static let stretch = 65_536

    /// The values on `grid`; `checkpoint` is called now and then, as a long window at each of many steps takes its time.
    func column(
        of series: RangeSeries, _ ranges: RangeVector, on grid: Grid, _ parameters: [[Double]],
        checkpoint: () throws(QueryError) -> Void
    ) throws(QueryError) -> [Double] {
        var looked = 0
        var column = [Double](repeating: .stale, count: grid.count)
        var arguments = parameters.map { _ in 0.0 }
        try ranges.forEachWindow(on: series, grid) { step, window throws(QueryError) in
            guard window.samples.count >= minimumSamples else { return }
            looked += window.samples.count
            if looked > Self.stretch {
                looked = 0
                try checkpoint()
            }
            for index in parameters.indices { arguments[index] = parameters[index][step] }
            column[step] = body(series, window, arguments)
        }
        return column
    }
}

// MARK: Rates

extension WindowFunction {
    /// `rate`, `increase`, `delta`: the difference over the window, extrapolated to its ends as Prometheus does.
    static func extrapolated(isCounter: Bool, isRate: Bool) -> WindowFunction {
        WindowFunction(minimumSamples: 2, wantsCounter: isCounter) { series, window, _ in
            let samples = window.samples
            let firstValue = series.values[samples.lowerBound]
            let firstTime = series.timestamps[samples.lowerBound]
            let lastTime = series.timestamps[samples.upperBound - 1]
            var result = series.values[samples.upperBound - 1] - firstValue
            if isCounter {
                // A counter that falls was reset: what it had counted before is added.
                var before = firstValue
                for index in samples.dropFirst() {
                    let value = series.values[index]
                    if value < before { result += before }
                    before = value
                }
            }
            var toStart = Double(firstTime - window.start) / 1000
            var toEnd = Double(window.end - lastTime) / 1000
            let sampled = Double(lastTime - firstTime) / 1000
            let count = series.weights.map { $0[samples].reduce(0, +) } ?? Double(samples.count)
            let average = sampled / (count - 1)
            // A gap to the window's end larger than usual: the series is taken to begin or end half an interval out.
            let threshold = average * 1.1
            if toStart >= threshold { toStart = average / 2 }
            if isCounter, result > 0, firstValue >= 0 {
                // A counter does not extrapolate below zero.
                toStart = min(toStart, sampled * (firstValue / result))
            }
            if toEnd >= threshold { toEnd = average / 2 }
            var factor = (sampled + toStart + toEnd) / sampled
            if isRate { factor /= Double(window.end - window.start) / 1000 }
            return result * factor
        }
    }

    /// `irate`, `idelta`: the difference of the last two samples.
    static func instantaneous(isRate: Bool) -> WindowFunction {
        WindowFunction(minimumSamples: 2) { series, window, _ in
            let last = window.samples.upperBound - 1
            var result = series.values[last]
            if !isRate || !(result < series.values[last - 1]) { result -= series.values[last - 1] }
            guard isRate else { return result }
            return result / (Double(series.timestamps[last] - series.timestamps[last - 1]) / 1000)
        }
    }

    static let deriv = WindowFunction(minimumSamples: 2) { series, window, _ in
        // Relative to the first sample: large timestamps would cost precision.
        regression(series, window.samples, at: series.timestamps[window.samples.lowerBound]).slope
    }

    static let predictLinear = WindowFunction(minimumSamples: 2) { series, window, parameters in
        let line = regression(series, window.samples, at: window.step)
        return line.slope * parameters[0] + line.intercept
    }

    /// The least-squares line through `samples`; the intercept is its value `at` an instant.
    private static func regression(
        _ series: RangeSeries, _ samples: Range<Int>, at instant: Int64
    ) -> (slope: Double, intercept: Double) {
        var sumX = KahanSum()
        var sumY = KahanSum()
        var sumXY = KahanSum()
        var sumXX = KahanSum()
        let first = series.values[samples.lowerBound]
        var isConstant = true
        for index in samples {
            let x = Double(series.timestamps[index] - instant) / 1000
            let y = series.values[index]
            if y != first { isConstant = false }
            sumX.add(x)
            sumY.add(y)
            sumXY.add(x * y)
            sumXX.add(x * x)
        }
        if isConstant { return first.isInfinite ? (.nan, .nan) : (0, first) }
        let n = Double(samples.count)
        let (x, y) = (sumX.sum + sumX.compensation, sumY.sum + sumY.compensation)
        let (xy, xx) = (sumXY.sum + sumXY.compensation, sumXX.sum + sumXX.compensation)
        let slope = (xy - x * y / n) / (xx - x * x / n)
        return (slope, y / n - slope * x / n)
    }

    static let doubleExponentialSmoothing = WindowFunction(
        minimumSamples: 2,
        check: { index, factor in
            guard factor <= 0 || factor >= 1 else { return nil }
            let (name, short) = index == 0 ? ("smoothing", "sf") : ("trend", "tf")
            return .failure("invalid \(name) factor. Expected: 0 < \(short) < 1, got: \(NumberText.shortest(factor))")
        },
        body: { series, window, parameters in
            let (smoothing, trendFactor) = (parameters[0], parameters[1])
            let first = window.samples.lowerBound
            var smoothed = series.values[first]
            var before = 0.0
            var trend = series.values[first + 1] - smoothed
            for (index, at) in window.samples.dropFirst().enumerated() {
                if index > 0 { trend = trendFactor * (smoothed - before) + (1 - trendFactor) * trend }
                let next = smoothing * series.values[at] + (1 - smoothing) * (smoothed + trend)
                before = smoothed
                smoothed = next
            }
            return smoothed
        })
}
