public import Model

/// What one agent measured in one tick: the unit that is spooled, signed, sent, acknowledged and stored.
public struct Batch: Sendable {
    /// Who, and which.
    public let header: BatchHeader
    /// In the order they were written; sources and layouts stand before what needs them.
    public let items: [BatchItem]
    /// The decompressed bytes that keyframes and frames point into.
    public let body: [UInt8]

    /// The keyframes among the items.
    public var keyframes: some Sequence<Keyframe> {
        items.lazy.compactMap { if case .keyframe(let keyframe) = $0 { keyframe } else { nil } }
    }

    /// The frames among the items.
    public var frames: some Sequence<Frame> {
        items.lazy.compactMap { if case .frame(let frame) = $0 { frame } else { nil } }
    }

    /// The same with only keyframes and frames among the items: a decoded layout is many times its bytes.
    public var scrapesOnly: Batch {
        let scrapes = items.filter { item in
            switch item {
            case .keyframe, .frame: true
            case .source, .layout, .state, .drop: false
            }
        }
        return scrapes.count == items.count ? self : Batch(header: header, items: scrapes, body: body)
    }

    /// The instants of the first and the last scrape; nil if there is none.
    public var span: ClosedRange<Timestamp>? {
        let instants = keyframes.map(\.timestamp) + frames.map(\.timestamp)
        guard let first = instants.min(), let last = instants.max() else { return nil }
        return first...last
    }
}

/// Who sent a batch and which of its batches it is: its identity, inside the signed body.
public struct BatchHeader: Hashable, Sendable {
    /// The enrolled agent.
    public var agent: AgentID
    /// A random number of 63 bits that the agent's spool drew when it was opened; never 0.
    public var epoch: UInt64
    /// 1, 2, 3, … within the epoch.
    public var sequence: UInt64
    /// When the batch was made, by the agent's clock.
    public var madeAt: Timestamp

    /// A batch's identity.
    public init(agent: AgentID, epoch: UInt64, sequence: UInt64, madeAt: Timestamp) {
        self.agent = agent
        self.epoch = epoch
        self.sequence = sequence
        self.madeAt = madeAt
    }
}

/// A part of a batch.
public enum BatchItem: Sendable {
    /// From here on in this epoch, `number` is the source `descriptor`.
    case source(number: Int, descriptor: SourceDescriptor)
    /// A layout that a keyframe will name.
    case layout(source: Int, additions: LayoutAdditions)
    /// A scrape, whole.
    case keyframe(Keyframe)
    /// A scrape, against a keyframe.
    case frame(Frame)
    /// What the agent knows of the source beside numbers: JSON, `MemberState` in AgentProtocol.
    case state(source: Int, json: [UInt8])
    /// What the spool could not keep.
    case drop(DropReport)
}

/// The byte before each item.
enum ItemKind: UInt8 {
    case source = 1
    case layout = 2
    case keyframe = 3
    case frame = 4
    case state = 5
    case drop = 6
    /// Kinds from here on may be passed over by who does not know them.
    static let optional: UInt8 = 128
}

extension Batch {
    /// Every value of `keyframe`, which is one of this batch's.
    public func values(of keyframe: Keyframe) throws(CodecError) -> KeyframeValues {
        try reading { (bytes) throws(CodecError) in
            try KeyframeValues(bytes, keyframe.payload, limit: keyframe.shape.series)
        }
    }

    /// Every value of `frame`, which is one of this batch's, given its keyframe's.
    public func values(of frame: Frame, keyframe: KeyframeValues) throws(CodecError) -> [Double] {
        try reading { (bytes) throws(CodecError) in
            try FrameCoding.decode(ByteReader(bytes, frame.payload), keyframe: keyframe)
        }
    }

    /// The values of some series of `frame`, which is one of this batch's: `columns` are those of its keyframe.
    public func values(of frame: Frame, columns: Columns, shape: KeyframeShape) throws(CodecError) -> [Double] {
        try reading { (bytes) throws(CodecError) in
            try columns.decode(ByteReader(bytes, frame.payload), shape: shape)
        }
    }

    private func reading<Value>(
        _ body: (UnsafeRawBufferPointer) throws(CodecError) -> Value
    ) throws(CodecError) -> Value {
        try self.body.withUnsafeBufferPointer { (buffer) throws(CodecError) in try body(UnsafeRawBufferPointer(buffer))
        }
    }
}
