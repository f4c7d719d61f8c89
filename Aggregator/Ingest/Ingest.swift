// The door for agents: checks every batch (who signed it, what is in it, whether it can be true), stores those of many
// agents in one transaction, and acknowledges only what is committed. Keeps the ledger; leaves
// rows of samples to SeriesStore, what members say to Fleet, HTTP to API.

/// How much agents may send and how long they may wait.
public struct IngestLimits: Sendable {
    /// Samples older than this are refused.
    public var retention: Duration = .seconds(90 * 86_400)
    /// How far ahead of our clock a sample may be.
    public var future: Duration = .seconds(60)
    /// How long a group is gathered before it is committed.
    public var gathering: Duration = .milliseconds(20)
    /// From the first to the last scrape of one batch: it is one tick of one agent.
    public var span: Duration = .seconds(600)
    /// Batches in one transaction.
    public var groupSize = 256
    /// Batches that may wait to be committed.
    public var queueLength = 8192
    /// Memory, roughly, of batches that are not answered yet.
    public var queueBytes = 256 << 20
    /// What a refused agent is told to wait.
    public var retryAfter: Duration = .seconds(2)

    /// The defaults.
    public init() {}
}
