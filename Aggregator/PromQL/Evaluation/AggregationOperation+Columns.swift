internal import Model

/// The state of one group at one step.
private protocol Accumulator {
    init(first value: Double)
    mutating func add(_ value: Double)
    var result: Double { get }
}

private struct SumAccumulator: Accumulator {
    var sum: KahanSum
    init(first value: Double) { sum = KahanSum(value) }
    mutating func add(_ value: Double) { sum.add(value) }
    var result: Double { sum.value }
}

private struct MeanAccumulator: Accumulator {
    var mean: KahanMean
    init(first value: Double) { mean = KahanMean(value) }
    mutating func add(_ value: Double) { mean.add(value) }
    var result: Double { mean.value }
}

private struct CountAccumulator: Accumulator {
    var result = 1.0
    init(first value: Double) {}
    mutating func add(_ value: Double) { result += 1 }
}

private struct GroupAccumulator: Accumulator {
    var result: Double { 1 }
    init(first value: Double) {}
    mutating func add(_ value: Double) {}
}

private struct MinimumAccumulator: Accumulator {
    var result: Double
    init(first value: Double) { result = value }
    mutating func add(_ value: Double) { if result.isNaN || value < result { result = value } }
}

private struct MaximumAccumulator: Accumulator {
    var result: Double
    init(first value: Double) { result = value }
    mutating func add(_ value: Double) { if result.isNaN || value > result { result = value } }
}

/// Welford's running variance.
private struct VarianceAccumulator: Accumulator {
    private var count = 1.0
    private var mean: Double
    private var squares: Double

    init(first value: Double) {
        mean = value
        squares = value.isFinite ? 0 : .nan
    }

    mutating func add(_ value: Double) {
        count += 1
        let delta = value - mean
        mean += delta / count
        squares += delta * (value - mean)
    }

    var result: Double { squares / count }
}

extension AggregationOperation {
    /// The value of a group of series at each step; `.stale` where none of them has one.
    func aggregate(_ members: [ColumnSeries], _ parameter: [Double], steps: Int) -> [Double] {
        switch self {
        case .sum: Self.columns(members, steps, SumAccumulator.self)
        case .avg: Self.columns(members, steps, MeanAccumulator.self)
        case .count: Self.columns(members, steps, CountAccumulator.self)
        case .group: Self.columns(members, steps, GroupAccumulator.self)
        case .min: Self.columns(members, steps, MinimumAccumulator.self)
        case .max: Self.columns(members, steps, MaximumAccumulator.self)
        case .stdvar: Self.columns(members, steps, VarianceAccumulator.self)
        case .stddev:
            Self.columns(members, steps, VarianceAccumulator.self).map { $0.isStale ? $0 : $0.squareRoot() }
        case .quantile: Self.quantiles(members, parameter, steps)
        case .topk, .bottomk, .countValues, .limitk, .limitRatio: []
        }
    }

    private static func columns<A: Accumulator>(_ members: [ColumnSeries], _ steps: Int, _: A.Type) -> [Double] {
        var accumulators = [A?](repeating: nil, count: steps)
        for member in members {
            for (step, value) in member.values.enumerated() where !value.isStale {
                if accumulators[step]?.add(value) == nil { accumulators[step] = A(first: value) }
            }
        }
        return accumulators.map { $0?.result ?? .stale }
    }

    private static func quantiles(_ members: [ColumnSeries], _ parameter: [Double], _ steps: Int) -> [Double] {
        (0..<steps).map { step in
            var values = members.map { $0.values[step] }.filter { !$0.isStale }
            return values.isEmpty ? .stale : PromQL.quantile(parameter[step], &values)
        }
    }
}
