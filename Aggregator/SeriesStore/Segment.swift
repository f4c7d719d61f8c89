/// Scrapes of one target with one layout, in order, by column.
struct Segment: Sendable {
    /// Strictly rising, at least one.
    var timestamps: [Int64]
    /// When they were received, roughly: of two samples at one instant the later one counts.
    var receivedAt: Int64
    /// Index of the layout.
    var layout: Int
    /// Per wanted series of the layout: one value per timestamp, or none at all if it has no value here.
    var columns: [[Double]]

    var last: Int64 { timestamps[timestamps.count - 1] }
}

extension [Int64] {
    /// Where the first number at or above `bound` stands, or the end; the numbers rise.
    func firstIndex(notBelow bound: Int64) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < bound { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
