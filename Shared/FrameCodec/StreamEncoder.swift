public import Model

/// Where a batch will stand in the spool.
public struct BatchSlot: Hashable, Sendable {
    /// The spool's epoch.
    public var epoch: UInt64
    /// The batch's number in it.
    public var sequence: UInt64
    /// Whether it is the first of its segment: then it repeats all that its followers need.
    public var startsSegment: Bool

    /// A place in the spool.
    public init(epoch: UInt64, sequence: UInt64, startsSegment: Bool) {
        self.epoch = epoch
        self.sequence = sequence
        self.startsSegment = startsSegment
    }
}

/// A batch, ready to be spooled and sent.
public struct EncodedBatch: Sendable {
    /// Where it belongs.
    public let slot: BatchSlot
    /// When it was made.
    public let madeAt: Timestamp
    /// The zstd frame to be posted.
    public let body: [UInt8]
    /// Its size before compression.
    public let uncompressedBytes: Int

    /// The batch of `slot` with `body`.
    public init(slot: BatchSlot, madeAt: Timestamp, body: [UInt8], uncompressedBytes: Int) {
        self.slot = slot
        self.madeAt = madeAt
        self.body = body
        self.uncompressedBytes = uncompressedBytes
    }
}

/// Turns an agent's boards into batches, tick by tick:
///
///     encoder.begin(slot, madeAt: now)
///     encoder.add(board, source: 0, at: scrapedAt)
///     encoder.add(state: json, source: 0)
///     let batch = try encoder.finish()
///
/// Decides itself what each batch has to hold: source, layout, keyframe and state at the start of a segment, a layout
/// and a keyframe when series are new, a keyframe every `keyframeEvery` scrapes, else a frame.
public struct StreamEncoder: Sendable {
    private let agent: AgentID
    private let keyframeEvery: Int
    private var sources: [EncodedSource]
    private var writer = ByteWriter()
    private var current: (slot: BatchSlot, madeAt: Timestamp)?

    /// An encoder for the sources numbered as in `sources`.
    public init(agent: AgentID, sources: [SourceDescriptor], keyframeEvery: Int = 12) {
        precondition(keyframeEvery > 0)
        self.agent = agent
        self.keyframeEvery = keyframeEvery
        self.sources = sources.map { EncodedSource(descriptor: $0) }
    }

    /// Begins the batch for `slot`.
    public mutating func begin(_ slot: BatchSlot, madeAt: Timestamp) {
        if slot.startsSegment { restart() }
        current = (slot, madeAt)
        writer.removeAll()
        BatchHeader(agent: agent, epoch: slot.epoch, sequence: slot.sequence, madeAt: madeAt).encode(into: &writer)
    }

    /// From now on each source says everything anew: after a batch that was encoded and then lost.
    public mutating func restart() {
        for number in sources.indices { sources[number].restart() }
    }

    /// Adds a scrape of `source`: the values on `board`, true at `timestamp`. At most one a batch.
    public mutating func add(_ board: SampleBoard, source: Int, at timestamp: Timestamp) {
        guard let (slot, madeAt) = current else { preconditionFailure("begin() comes first") }
        sources[source].introduce(source, into: &writer)
        sources[source].encode(
            board, number: source, sequence: slot.sequence, age: madeAt.milliseconds &- timestamp.milliseconds,
            keyframeEvery: keyframeEvery, into: &writer)
    }

    /// Adds what is known of `source` beside numbers, if it differs from what was said before. Call it each tick.
    public mutating func add(state json: [UInt8], source: Int) {
        precondition(current != nil, "begin() comes first")
        guard sources[source].state != json else { return }
        sources[source].introduce(source, into: &writer)
        sources[source].state = json
        writer.item(.state) {
            $0.varint(source)
            $0.raw(json)
        }
    }

    /// Adds what the spool could not keep.
    public mutating func add(_ report: DropReport) {
        precondition(current != nil, "begin() comes first")
        writer.item(.drop) { report.encode(into: &$0) }
    }

    /// Ends the batch.
    public mutating func finish() throws(CodecError) -> EncodedBatch {
        guard let (slot, madeAt) = current else { preconditionFailure("begin() comes first") }
        current = nil
        return EncodedBatch(
            slot: slot, madeAt: madeAt, body: try Compression.compress(writer.bytes),
            uncompressedBytes: writer.bytes.count)
    }
}
