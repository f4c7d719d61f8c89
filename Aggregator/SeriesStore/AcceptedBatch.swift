public import FrameCodec
public import Model

/// A batch that Ingest has verified and wants to keep.
public struct AcceptedBatch: Sendable {
    /// The row of `agent` whose key signed it.
    public var agent: Int32
    /// When it arrived, by the aggregator's clock.
    public var receivedAt: Timestamp
    /// SHA-256 of what was signed.
    public var digest: [UInt8]
    /// What it says. Its stream's context has admitted it.
    public var batch: Batch

    /// `batch` of the agent in row `agent`.
    public init(agent: Int32, receivedAt: Timestamp, digest: [UInt8], batch: Batch) {
        self.agent = agent
        self.receivedAt = receivedAt
        self.digest = digest
        self.batch = batch
    }
}

/// Batches that stand in the tables once their transaction commits, and what the store has to remember of them then.
public struct WrittenBatches: Sendable {
    var batches: [AcceptedBatch] = []
    var agents: [AgentRecord] = []
    var sources: [SourceRecord] = []
    var numbers: [StreamNumber: SourceNumber] = [:]
    var layouts: [LayoutAdditions] = []
    var layoutsOfSources: [SourceLayout] = []
    var touchedSources: [Int32] = []
}
