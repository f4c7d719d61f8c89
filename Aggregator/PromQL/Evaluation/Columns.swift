internal import Model
internal import SeriesQuery

/// A series with one value per step of a grid; `Double.stale` where it has none. No operation on present values can
/// make that bit pattern, so absence needs no second column.
struct ColumnSeries {
    var labels: Labels
    /// Whether `__name__` is to be removed at the end of the query (delayed name removal).
    var dropsName = false
    var values: [Double]

    var isEmpty: Bool { values.allSatisfy(\.isStale) }
}

/// A series' samples, staleness markers left out: what range functions look at through windows.
struct RangeSeries {
    var labels: Labels
    var dropsName = false
    var timestamps: [Int64]
    var values: [Double]
    /// How many samples each stands for; nil: each is one.
    var weights: [Double]?

    /// `series` without its staleness markers; shares its columns if it has none.
    init(_ series: SampledSeries) {
        labels = series.labels
        weights = series.weights.map { weights in
            zip(weights, series.values).filter { !$1.isStale }.map(\.0)
        }
        guard series.values.contains(where: \.isStale) else {
            timestamps = series.timestamps
            values = series.values
            return
        }
        timestamps = []
        values = []
        timestamps.reserveCapacity(series.values.count)
        values.reserveCapacity(series.values.count)
        for (timestamp, value) in zip(series.timestamps, series.values) where !value.isStale {
            timestamps.append(timestamp)
            values.append(value)
        }
    }

    /// The present values of `column` on `grid`.
    init(_ column: ColumnSeries, on grid: Grid) {
        labels = column.labels
        dropsName = column.dropsName
        timestamps = []
        values = []
        for (index, value) in column.values.enumerated() where !value.isStale {
            timestamps.append(grid.instant(index))
            values.append(value)
        }
    }
}

/// What an expression evaluates to on a grid.
enum Evaluated {
    /// One number per step.
    case scalar([Double])
    case string(StringLiteral)
    case vector([ColumnSeries])
}

extension Labels {
    private static let nameOnly: Set<String> = [metricName]

    /// Without `__name__`.
    var withoutName: Labels { dropping(Self.nameOnly) }
}

/// Neumaier's variant of Kahan summation, as Prometheus sums.
struct KahanSum {
    var sum: Double
    var compensation = 0.0

    init(_ sum: Double = 0) { self.sum = sum }

    @inline(__always)
    mutating func add(_ value: Double) {
        let total = sum + value
        if total.isInfinite {
            compensation = 0
        } else if sum.magnitude >= value.magnitude {
            compensation += (sum - total) + value
        } else {
            compensation += (value - total) + sum
        }
        sum = total
    }

    var value: Double { sum.isInfinite ? sum : sum + compensation }
}

/// A mean that does not overflow: the sum divided by the count while that is finite, then incremental.
struct KahanMean {
    private var total: KahanSum
    private var count = 1.0
    private var isIncremental = false

    init(_ first: Double) { total = KahanSum(first) }

    @inline(__always)
    mutating func add(_ value: Double) {
        count += 1
        if !isIncremental {
            var next = total
            next.add(value)
            if !next.sum.isInfinite {
                total = next
                return
            }
            isIncremental = true
            total.sum /= count - 1
            total.compensation /= count - 1
        }
        let weight = (count - 1) / count
        total.sum *= weight
        total.compensation *= weight
        total.add(value / count)
    }

    var value: Double {
        isIncremental ? total.sum + total.compensation : total.sum / count + total.compensation / count
    }
}

/// The `q`-quantile of `values`, interpolated; NaN counts as the smallest value. Sorts `values`.
func quantile(_ q: Double, _ values: inout [Double]) -> Double {
    if values.isEmpty || q.isNaN { return .nan }
    if q < 0 { return -.infinity }
    if q > 1 { return .infinity }
    values.sort { $0.isNaN ? !$1.isNaN : $0 < $1 }
    let rank = q * Double(values.count - 1)
    let lower = max(0, Int(rank.rounded(.down)))
    let upper = min(values.count - 1, lower + 1)
    let weight = rank - rank.rounded(.down)
    return values[lower] * (1 - weight) + values[upper] * weight
}
