// The door for agents: checks every batch (who signed it, what is in it, whether it can be true), stores those of many
// agents in one transaction, and acknowledges only what is committed. Hands what was committed to SeriesStore and Fleet.
// Leaves HTTP to API and the meaning of samples to everyone else.
public import FrameCodec
public import Model

/// How much agents may send and how long they may wait.
public struct IngestLimits: Sendable {
    /// Samples older than this are refused.
    public var retention: Duration = .seconds(90 * 86_400)
    /// How far ahead of our clock a sample may be.
    public var future: Duration = .seconds(60)
    /// How long a group is gathered before it is committed.
    public var gathering: Duration = .milliseconds(20)
    /// Batches in one transaction.
    public var groupSize = 256
    /// Batches that may wait to be committed.
    public var queueLength = 8192
    /// Bytes that may wait to be committed.
    public var queueBytes = 256 << 20
    /// What a refused agent is told to wait.
    public var retryAfter: Duration = .seconds(2)

    /// The defaults.
    public init() {}
}

/// A batch that is committed, as the rooms that read it get it.
public struct CommittedBatch: Sendable {
    /// The row of the agent.
    public var agent: Int32
    /// When it reached us.
    public var receivedAt: Timestamp
    /// What it holds.
    public var batch: Batch

    /// A batch that is committed.
    public init(agent: Int32, receivedAt: Timestamp, batch: Batch) {
        self.agent = agent
        self.receivedAt = receivedAt
        self.batch = batch
    }
}
