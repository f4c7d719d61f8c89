internal import Model

/// The instants an expression is evaluated at: `count` of them, `interval` apart. An instant query has one.
struct Grid: Hashable {
    /// Milliseconds since the epoch.
    var start: Int64
    /// Milliseconds; positive.
    var interval: Int64
    var count: Int

    static func instant(_ at: Int64) -> Grid { Grid(start: at, interval: 1, count: 1) }

    /// The last instant; the first one if there is none.
    var end: Int64 { start + Int64(max(count - 1, 0)) * interval }

    /// The instant of step `index`.
    func instant(_ index: Int) -> Int64 { start + Int64(index) * interval }
}

/// Where a selector or subquery looks when the step is at an instant: `@` and `offset` applied.
struct TimeReference: Hashable {
    /// The instant of `@`, if there is one.
    var fixed: Int64?
    var offset: Int64

    func instant(at step: Int64) -> Int64 { (fixed ?? step) - offset }

    /// The first and the last instant looked at from `grid`.
    func span(of grid: Grid) -> ClosedRange<Int64> { instant(at: grid.start)...instant(at: grid.end) }
}

/// What stays the same for the whole query.
struct QueryFrame {
    var text: [UInt8]
    /// First instant of the query.
    var start: Int64
    /// Last instant of the query.
    var end: Int64
    /// Milliseconds between steps, 0 for an instant query.
    var step: Int64
    var options: EngineOptions

    func reference(_ at: AtModifier?, _ offset: Int64) -> TimeReference {
        switch at {
        case nil: TimeReference(fixed: nil, offset: offset)
        case .start: TimeReference(fixed: start, offset: offset)
        case .end: TimeReference(fixed: end, offset: offset)
        case .time(let instant): TimeReference(fixed: instant, offset: offset)
        }
    }

    /// The instants at which `node`'s inner expression is evaluated when `node` is evaluated on `grid`: multiples of its
    /// interval that lie in any of the windows.
    func innerGrid(of node: Subquery, on grid: Grid) -> Grid {
        let interval = node.interval ?? max(options.defaultSubqueryInterval.milliseconds, 1)
        let span = reference(node.at, node.offset).span(of: grid)
        let lower = span.lowerBound - node.window
        var start = Self.floor(lower, interval)
        if start < lower || options.leftOpenRanges && start == lower { start += interval }
        let count = span.upperBound < start ? 0 : Int((span.upperBound - start) / interval) + 1
        return Grid(start: start, interval: interval, count: count)
    }

    private static func floor(_ value: Int64, _ interval: Int64) -> Int64 {
        let rest = value % interval
        return value - (rest < 0 ? rest + interval : rest)
    }
}
