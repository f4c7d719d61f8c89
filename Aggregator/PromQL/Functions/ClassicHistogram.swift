/// A bucket of a classic histogram: how many observations were at most `upperBound`.
struct Bucket: Hashable {
    var upperBound: Double
    var count: Double
}

/// A classic histogram at an instant, ready for questions.
struct ClassicHistogram {
    /// Counts that fall by less, relatively, fell by rounding.
    private static let tolerance = 1e-12

    /// Rising bounds, rising counts; the last bound is infinite.
    private(set) var buckets: [Bucket]
    /// The bucket bounds between which counts fell, and by how much at most; nil if they did not.
    private(set) var repair: (from: Double, to: Double, difference: Double)?

    /// The histogram of `sorted` buckets (by bound; equal bounds are summed); nil without an infinite one.
    init?(_ sorted: [Bucket]) {
        guard sorted.last?.upperBound == .infinity else { return nil }
        buckets = []
        for bucket in sorted {
            if let last = buckets.last, last.upperBound == bucket.upperBound {
                buckets[buckets.count - 1].count += bucket.count
            } else {
                buckets.append(bucket)
            }
        }
    }

    /// Makes counts rise: scrapes and rules that race each other leave histograms that do not.
    private mutating func makeMonotonic() {
        var highest = buckets[0].count
        for index in buckets.indices.dropFirst() {
            let count = buckets[index].count
            if count == highest { continue }
            if Self.isAlmostEqual(highest, count) {
                buckets[index].count = highest
            } else if count < highest {
                let bound = buckets[index].upperBound
                let difference = max(repair?.difference ?? 0, highest - count)
                repair = (min(repair?.from ?? bound, bound), max(repair?.to ?? bound, bound), difference)
                buckets[index].count = highest
            } else {
                highest = count
            }
        }
    }

    private static func isAlmostEqual(_ a: Double, _ b: Double) -> Bool {
        let sum = a.magnitude + b.magnitude
        let difference = (a - b).magnitude
        if a == 0 || b == 0 || sum < .leastNormalMagnitude { return difference < tolerance * .leastNormalMagnitude }
        return difference / min(sum, .greatestFiniteMagnitude) < tolerance
    }

    /// The value below which a share `q` of the observations lies, interpolated within its bucket.
    mutating func quantile(_ q: Double) -> Double {
        if q.isNaN { return .nan }
        if q < 0 { return -.infinity }
        if q > 1 { return .infinity }
        makeMonotonic()
        guard buckets.count >= 2, let total = buckets.last?.count, total != 0, !total.isNaN else { return .nan }
        let last = buckets.count - 1
        var rank = q * total
        let index = buckets[..<last].firstIndex { $0.count >= rank } ?? last
        if index == last { return buckets[last - 1].upperBound }
        let end = buckets[index].upperBound
        if index == 0, end <= 0 { return end }
        guard index > 0 else { return end * (rank / buckets[0].count) }
        let start = buckets[index - 1].upperBound
        rank -= buckets[index - 1].count
        return start + (end - start) * (rank / (buckets[index].count - buckets[index - 1].count))
    }

    /// The share of the observations between `lower` and `upper`. Nothing is interpolated within a bucket that is
    /// infinitely wide.
    mutating func fraction(from lower: Double, to upper: Double) -> Double {
        makeMonotonic()
        guard let total = buckets.last?.count, total != 0, !total.isNaN, !lower.isNaN, !upper.isNaN else { return .nan }
        if lower >= upper { return 0 }
        return (min(rank(of: upper), total) - min(rank(of: lower), total)) / total
    }

    /// How many observations were at most `value`.
    private func rank(of value: Double) -> Double {
        var before = 0.0
        var start = buckets[0].upperBound > 0 ? 0 : -Double.infinity
        for bucket in buckets {
            if value <= start { return before }
            if value < bucket.upperBound {
                if start == -.infinity { return bucket.count }
                return before + (bucket.count - before) * (value - start) / (bucket.upperBound - start)
            }
            before = bucket.count
            start = bucket.upperBound
        }
        return before
    }
}
