internal import Glibc
internal import SeriesQuery

/// A function: its types and what it does.
struct FunctionDefinition: Sendable {
    /// What it does to its arguments.
    enum Body: Sendable {
        /// To each value of an instant vector.
        case map(@Sendable (Double) -> Double)
        /// To each window of a range vector.
        case window(WindowFunction)
        /// To the date that each value of an instant vector is, or to the evaluation's instant.
        case date(@Sendable (CivilDate) -> Int)
        /// To scalars.
        case scalars(@Sendable (Double, Double) -> Double)
        /// Something that is the same at all steps.
        case constant(@Sendable (QueryFrame) -> Double)
        /// Anything else.
        case special(@Sendable (Evaluator, FunctionCall, Grid) throws(QueryError) -> Evaluated)
    }

    let signature: FunctionSignature
    let body: Body

    init(
        _ name: String, _ arguments: [ValueType], extra: Int = 0, returns: ValueType = .vector,
        isExperimental: Bool = false, _ body: Body
    ) {
        signature = FunctionSignature(
            name, arguments, extra: extra, returns: returns, isExperimental: isExperimental)
        self.body = body
    }

    func evaluate(_ call: FunctionCall, on grid: Grid, with evaluator: Evaluator) throws(QueryError) -> Evaluated {
        switch body {
        case .map(let change):
            let list = try evaluator.vector(call.arguments[0], on: grid)
            return .vector(try evaluator.droppingNames(list.map { Evaluator.mapped($0, change) }))
        case .window(let function): return .vector(try evaluator.evaluate(function, of: call, on: grid))
        case .date(let part): return .vector(try evaluator.dates(call, on: grid, part))
        case .scalars(let combine):
            let left = try evaluator.scalar(call.arguments[0], on: grid)
            let right = try evaluator.scalar(call.arguments[1], on: grid)
            return .scalar(zip(left, right).map(combine))
        case .constant(let value):
            return .scalar(Array(repeating: value(evaluator.frame), count: grid.count))
        case .special(let evaluate): return try evaluate(evaluator, call, grid)
        }
    }
}

/// Every function of the language, by name.
let functionTable: [String: FunctionDefinition] = Dictionary(
    uniqueKeysWithValues: (valueFunctions + dateFunctions + rangeFunctions + labelFunctions + scalarFunctions)
        .map { ($0.signature.name, $0) })

/// The functions of long windows that may be answered from rollups, and what they ask of each hour.
let hourlyStatistics: [String: SeriesSelection.Statistic] = [
    "rate": .increase, "increase": .increase, "delta": .increase,
    "min_over_time": .minimum, "max_over_time": .maximum, "last_over_time": .last,
    "avg_over_time": .mean, "sum_over_time": .mean, "count_over_time": .mean, "present_over_time": .mean,
]

private let valueFunctions: [FunctionDefinition] = [
    .init("abs", [.vector], .map { $0.magnitude }),
    .init("ceil", [.vector], .map { $0.rounded(.up) }),
    .init("floor", [.vector], .map { $0.rounded(.down) }),
    .init("exp", [.vector], .map { exp($0) }),
    .init("sqrt", [.vector], .map { $0.squareRoot() }),
    .init("ln", [.vector], .map { log($0) }),
    .init("log2", [.vector], .map { log2($0) }),
    .init("log10", [.vector], .map { log10($0) }),
    .init("sin", [.vector], .map { sin($0) }),
    .init("cos", [.vector], .map { cos($0) }),
    .init("tan", [.vector], .map { tan($0) }),
    .init("asin", [.vector], .map { asin($0) }),
    .init("acos", [.vector], .map { acos($0) }),
    .init("atan", [.vector], .map { atan($0) }),
    .init("sinh", [.vector], .map { sinh($0) }),
    .init("cosh", [.vector], .map { cosh($0) }),
    .init("tanh", [.vector], .map { tanh($0) }),
    .init("asinh", [.vector], .map { asinh($0) }),
    .init("acosh", [.vector], .map { acosh($0) }),
    .init("atanh", [.vector], .map { atanh($0) }),
    .init("rad", [.vector], .map { $0 * .pi / 180 }),
    .init("deg", [.vector], .map { $0 * 180 / .pi }),
    .init("sgn", [.vector], .map { $0 < 0 ? -1 : $0 > 0 ? 1 : $0 }),
    .init("round", [.vector, .scalar], extra: 1, .special(Evaluator.round)),
    .init("clamp", [.vector, .scalar, .scalar], .special(Evaluator.clamp)),
    .init("clamp_min", [.vector, .scalar], .special(Evaluator.clampMinimum)),
    .init("clamp_max", [.vector, .scalar], .special(Evaluator.clampMaximum)),
    .init("timestamp", [.vector], .special(Evaluator.timestamp)),
    .init("histogram_quantile", [.scalar, .vector], .special(Evaluator.histogramQuantile)),
    .init(
        "histogram_quantiles", [.vector, .string, .scalar, .scalar], extra: 9, isExperimental: true,
        .special(Evaluator.histogramQuantiles)),
    .init("histogram_fraction", [.scalar, .scalar, .vector], .special(Evaluator.histogramFraction)),
    // Native histograms are not stored. The names are known, so that the error can say so.
    .init("histogram_count", [.vector], .special(Evaluator.nativeHistogramOnly)),
    .init("histogram_sum", [.vector], .special(Evaluator.nativeHistogramOnly)),
    .init("histogram_avg", [.vector], .special(Evaluator.nativeHistogramOnly)),
    .init("histogram_stddev", [.vector], .special(Evaluator.nativeHistogramOnly)),
    .init("histogram_stdvar", [.vector], .special(Evaluator.nativeHistogramOnly)),
]

private let dateFunctions: [FunctionDefinition] = [
    .init("year", [.vector], extra: 1, .date { $0.year }),
    .init("month", [.vector], extra: 1, .date { $0.month }),
    .init("day_of_month", [.vector], extra: 1, .date { $0.day }),
    .init("day_of_week", [.vector], extra: 1, .date { $0.weekday }),
    .init("day_of_year", [.vector], extra: 1, .date { $0.dayOfYear }),
    .init("days_in_month", [.vector], extra: 1, .date { $0.daysInMonth }),
    .init("hour", [.vector], extra: 1, .date { $0.hour }),
    .init("minute", [.vector], extra: 1, .date { $0.minute }),
]

private let rangeFunctions: [FunctionDefinition] = [
    .init("rate", [.matrix], .window(.extrapolated(isCounter: true, isRate: true))),
    .init("increase", [.matrix], .window(.extrapolated(isCounter: true, isRate: false))),
    .init("delta", [.matrix], .window(.extrapolated(isCounter: false, isRate: false))),
    .init("irate", [.matrix], .window(.instantaneous(isRate: true))),
    .init("idelta", [.matrix], .window(.instantaneous(isRate: false))),
    .init("deriv", [.matrix], .window(.deriv)),
    .init("predict_linear", [.matrix, .scalar], .window(.predictLinear)),
    .init("avg_over_time", [.matrix], .window(.average)),
    .init("min_over_time", [.matrix], .window(.best { $0 < $1 })),
    .init("max_over_time", [.matrix], .window(.best { $0 > $1 })),
    .init("sum_over_time", [.matrix], .window(.sum)),
    .init("count_over_time", [.matrix], .window(.count)),
    .init("quantile_over_time", [.scalar, .matrix], .window(.quantileOverTime)),
    .init("stddev_over_time", [.matrix], .window(.variance(isRoot: true))),
    .init("stdvar_over_time", [.matrix], .window(.variance(isRoot: false))),
    .init("last_over_time", [.matrix], .window(.last)),
    .init("present_over_time", [.matrix], .window(.present)),
    .init("absent_over_time", [.matrix], .special(Evaluator.absentOverTime)),
    .init("changes", [.matrix], .window(.changes)),
    .init("resets", [.matrix], .window(.resets)),
    .init("first_over_time", [.matrix], isExperimental: true, .window(.first)),
    .init("mad_over_time", [.matrix], isExperimental: true, .window(.medianAbsoluteDeviation)),
    .init("ts_of_first_over_time", [.matrix], isExperimental: true, .window(.firstTimestamp)),
    .init("ts_of_last_over_time", [.matrix], isExperimental: true, .window(.lastTimestamp)),
    .init("ts_of_min_over_time", [.matrix], isExperimental: true, .window(.best(returnsTime: true) { $0 <= $1 })),
    .init("ts_of_max_over_time", [.matrix], isExperimental: true, .window(.best(returnsTime: true) { $0 >= $1 })),
    // An experiment in Prometheus 3, which renamed it; dashboards use either name.
    .init("double_exponential_smoothing", [.matrix, .scalar, .scalar], .window(.doubleExponentialSmoothing)),
    .init("holt_winters", [.matrix, .scalar, .scalar], .window(.doubleExponentialSmoothing)),
]

private let labelFunctions: [FunctionDefinition] = [
    .init("absent", [.vector], .special(Evaluator.absent)),
    .init(
        "label_replace", [.vector, .string, .string, .string, .string], .special(Evaluator.labelReplace)),
    .init("label_join", [.vector, .string, .string, .string], extra: -1, .special(Evaluator.labelJoin)),
    .init("sort", [.vector], .special(Evaluator.sortAscending)),
    .init("sort_desc", [.vector], .special(Evaluator.sortDescending)),
    .init(
        "sort_by_label", [.vector, .string], extra: -1, isExperimental: true, .special(Evaluator.sortByLabel)),
    .init(
        "sort_by_label_desc", [.vector, .string], extra: -1, isExperimental: true,
        .special(Evaluator.sortByLabelDescending)),
]

private let scalarFunctions: [FunctionDefinition] = [
    .init("pi", [], returns: .scalar, .constant { _ in .pi }),
    .init("time", [], returns: .scalar, .special(Evaluator.time)),
    .init("scalar", [.vector], returns: .scalar, .special(Evaluator.scalarFunction)),
    .init("vector", [.scalar], .special(Evaluator.vectorFunction)),
    .init("start", [], returns: .scalar, isExperimental: true, .constant { Double($0.start) / 1000 }),
    .init("end", [], returns: .scalar, isExperimental: true, .constant { Double($0.end) / 1000 }),
    .init("step", [], returns: .scalar, isExperimental: true, .constant { Double($0.step) / 1000 }),
    .init("range", [], returns: .scalar, isExperimental: true, .constant { Double($0.end - $0.start) / 1000 }),
    .init(
        "min_of", [.scalar, .scalar], returns: .scalar, isExperimental: true,
        .scalars { $0.isNaN || $1.isNaN ? .nan : Swift.min($0, $1) }),
    .init(
        "max_of", [.scalar, .scalar], returns: .scalar, isExperimental: true,
        .scalars { $0.isNaN || $1.isNaN ? .nan : Swift.max($0, $1) }),
]
