internal import Model

/// What one hour of one series was: seven numbers for some hundreds of samples.
struct HourOfSeries: Sendable, Equatable {
    /// The numbers, in the order of their columns in a rollup.
    enum Part: Int, CaseIterable {
        case first, last, minimum, maximum, sum, count, lost
    }

    static let milliseconds: Int64 = 3_600_000

    var first = Double.stale
    var last = Double.stale
    /// NaN only if there is nothing else, as with `min_over_time`; so is ``maximum``.
    var minimum = Double.stale
    var maximum = Double.stale
    var sum = 0.0
    var count = 0
    /// What a counter lost by resets: the sum of the values right before each fall. From its first to its last sample it
    /// increased by last − first + lost.
    var lost = 0.0

    /// Adds the next sample; a stale one is none.
    mutating func add(_ value: Double) {
        guard !value.isStale else { return }
        if count == 0 {
            (first, minimum, maximum) = (value, value, value)
        } else {
            if value < minimum || minimum.isNaN { minimum = value }
            if value > maximum || maximum.isNaN { maximum = value }
            if value < last { lost += last }
        }
        last = value
        sum += value
        count += 1
    }

    /// As a column holds it: stale if there was no sample.
    subscript(part: Part) -> Double {
        guard count > 0 else { return .stale }
        return switch part {
        case .first: first
        case .last: last
        case .minimum: minimum
        case .maximum: maximum
        case .sum: sum
        case .count: Double(count)
        case .lost: lost
        }
    }
}
