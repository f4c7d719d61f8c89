internal import Model

/// One source at one instant: what goes into a batch.
struct Scrape: Sendable {
    /// The source's number in the agent's stream.
    var source: Int
    /// On the grid, or the moment a change was seen.
    var timestamp: Timestamp
    /// The values.
    var board: SampleBoard
    /// A member's state; nil for other sources.
    var state: [UInt8]?
}

/// What is scraped on the grid: a member, the host, the agent.
protocol ScrapeSource: Sendable {
    /// Its number in the agent's stream.
    var number: Int { get }

    /// Reads the source; never fails: what could not be read is part of the answer. Answers within the interval.
    func scrape(at timestamp: Timestamp) async -> Scrape
}
