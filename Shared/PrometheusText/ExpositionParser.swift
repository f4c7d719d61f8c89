public import Model

/// Turns scrapes of one target into the values of one board.
///
/// Keeps the bytes of the body before, so that lines which did not change cost a comparison and nothing else. One
/// parser belongs to one target and one board.
public struct ExpositionParser: Sendable {
    /// What a body may hold.
    public let limits: ExpositionLimits

    /// A parser that has seen nothing.
    public init(limits: ExpositionLimits = ExpositionLimits()) {
        self.limits = limits
    }

    /// Sets the value of each line of `body` on `board`; the caller calls `board.begin()` before and `board.end()`
    /// after, so that it can add series of its own to the round. Timestamps in the body are checked and not used: the
    /// scrape's instant counts.
    ///
    /// - Throws: at the first bad line. The board then holds a part of the scrape: begin the round again.
    public mutating func parse(_ body: [UInt8], into board: inout SampleBoard) throws(ExpositionError) {
        throw ExpositionError(.badText, line: 0, "not written yet")
    }
}
