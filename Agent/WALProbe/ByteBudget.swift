internal import Model

/// What may still be written today. A value.
struct ByteBudget: Sendable {
    private let limit: Int
    private var day: Int64 = .min
    private var spent = 0

    private static let page = 4096
    private static let dayMilliseconds: Int64 = 86_400_000

    /// What one of `sizes` takes on average, wherever in a page it begins.
    static func meanCost(of sizes: [Int]) -> Double {
        let pages = sizes.map { Double($0 - 1) / Double(page) + 1 }
        return pages.reduce(0, +) / Double(max(1, sizes.count)) * Double(page)
    }

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes what `bytes` at `offset` of a file touch in whole pages; false, and nothing is taken, if that is too much.
    ///
    /// - Returns: the bytes taken, or nil.
    mutating func take(_ bytes: Int, at offset: Int, now: Timestamp) -> Int? {
        let today = now.milliseconds / Self.dayMilliseconds
        // A clock that was set back begins no new day: a budget is not earned twice.
        if today > day {
            day = today
            spent = 0
        }
        let pages = (offset + bytes - 1) / Self.page - offset / Self.page + 1
        let cost = pages * Self.page
        guard spent + cost <= limit else { return nil }
        spent += cost
        return cost
    }
}
