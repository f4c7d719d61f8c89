internal import BlockCodec
internal import FrameCodec

/// Turns the columns of a stretch into blocks of some ten kilobytes each.
struct BlockWriter {
    /// Bytes of a block's content, before compression, from which on the next series begins another one: so little is
    /// read for one metric, and so much that zstd and a row's overhead are paid back.
    static let groupBytes = 32 << 10

    private let stretch: StoredBlock.Stretch
    private let timestamps: [Int64]
    private var encoder: BlockEncoder
    private var next = 0
    private var first = 0
    private(set) var blocks: [NewBlock] = []

    init(_ stretch: StoredBlock.Stretch, timestamps: [Int64]) {
        self.stretch = stretch
        self.timestamps = timestamps
        encoder = BlockEncoder(timestamps: timestamps)
    }

    /// Adds the next series of the layout.
    mutating func append(_ values: [Double]) throws(CodecError) {
        encoder.append(values)
        next += 1
        if encoder.rawBytes >= Self.groupBytes { try close() }
    }

    /// All blocks.
    mutating func finish() throws(CodecError) -> [NewBlock] {
        if first < next { try close() }
        return blocks
    }

    private mutating func close() throws(CodecError) {
        blocks.append(
            NewBlock(
                stretch: stretch, series: first..<next, firstAt: timestamps[0],
                lastAt: timestamps[timestamps.count - 1], scrapes: timestamps.count, body: try encoder.finish()))
        first = next
        encoder = BlockEncoder(timestamps: timestamps)
    }
}
