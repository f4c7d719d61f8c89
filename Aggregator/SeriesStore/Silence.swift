/// When a target should have been scraped and was not, as far as anyone can know: pure arithmetic on instants, all in
/// milliseconds.
///
/// In a gap longer than 2½ intervals each missed instant of the grid gets `up` 0, and all other series end at the
/// first of them. Truth that arrives later closes the gap, so that nothing need be taken back.
struct Silence {
    /// Between two scrapes.
    var interval: Int64
    /// When somebody was expected to send; rising, without overlaps.
    var lifetimes: [ClosedRange<Int64>]
    /// The last instant that can be judged: now, or the last scrape while its agent still counts as heard.
    var judgedUntil: Int64

    /// Longest time between two scrapes that is no silence, in intervals.
    static let toleranceInIntervals = 2.5

    /// A stretch of missed instants.
    struct Gap: Equatable {
        /// The first missed instant.
        var first: Int64
        /// The last one.
        var last: Int64
    }

    private var tolerance: Int64 { Int64(Double(interval) * Self.toleranceInIntervals) }

    /// The gaps between `scrapes`, which rise, and behind them.
    ///
    /// - Parameter scrapes: at least the last one before the range of interest, if there is one.
    func gaps(between scrapes: [Int64]) -> [Gap] {
        var gaps: [Gap] = []
        for (at, scrape) in scrapes.enumerated() {
            let isLast = at + 1 == scrapes.count
            let next = isLast ? judgedUntil : scrapes[at + 1]
            guard next - scrape > tolerance else { continue }
            // Right before the next scrape nothing was missed: phases differ a little between epochs.
            let end = isLast ? next : next - interval / 2
            gaps += clipped(after: scrape, through: end)
        }
        return gaps
    }

    /// The grid of `scrape` after it and through `end`, cut to the lifetimes.
    private func clipped(after scrape: Int64, through end: Int64) -> [Gap] {
        lifetimes.compactMap { lifetime in
            let from = max(1, (lifetime.lowerBound - scrape + interval - 1) / interval)
            let through = (min(end, lifetime.upperBound) - scrape) / interval
            guard from <= through else { return nil }
            return Gap(first: scrape + from * interval, last: scrape + through * interval)
        }
    }

    /// `ranges` in order, overlaps joined.
    static func joined(_ ranges: [ClosedRange<Int64>]) -> [ClosedRange<Int64>] {
        var result: [ClosedRange<Int64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = result.last, last.upperBound >= range.lowerBound {
                result[result.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                result.append(range)
            }
        }
        return result
    }
}
