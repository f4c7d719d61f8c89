// Scrapes to bytes and back: sources, layouts, keyframes, frames, batches and their compression, as drawn field by
// field in docs/agent-protocol.md. The same code runs in both halves. Decoding is total: any bytes give a value or a
// CodecError, and no count is believed before it is checked against the bytes that are left. Leaves signing to
// MessageSignatures, keeping to Spool and SeriesStore, transport to Uplink and Ingest.

/// Why bytes are no batch, or no batch of this stream.
public struct CodecError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, for a program.
    public enum Code: String, Sendable {
        /// The bytes end too early.
        case truncated
        /// Not a batch at all.
        case badMagic
        /// A version of the format, or an item, that this program does not know.
        case unsupported
        /// Against the format.
        case malformed
        /// More than the limits allow.
        case tooLarge
        /// zstd failed.
        case compression
        /// The stream lacks what this batch builds on; see `missing`.
        case missingContext
        /// Against what the stream said before: another descriptor, another count.
        case contradiction
    }

    /// What is wrong, for a program.
    public var code: Code
    /// Where in the decompressed body, in bytes; 0 when it is about the whole.
    public var offset: Int
    /// What was found and what was expected.
    public var message: String
    /// What is missing, for `.missingContext`.
    public var missing: MissingContext?

    /// The error `code` at `offset`.
    public init(_ code: Code, at offset: Int = 0, _ message: String, missing: MissingContext? = nil) {
        self.code = code
        self.offset = offset
        self.message = message
        self.missing = missing
    }

    public var description: String {
        offset == 0 ? "\(code.rawValue): \(message)" : "\(code.rawValue) at byte \(offset): \(message)"
    }
}

/// What a batch builds on and the stream does not have. An aggregator may look it up in its store; otherwise the agent
/// sends the segment again.
public enum MissingContext: Hashable, Sendable {
    /// The descriptor of source `number`.
    case source(Int)
    /// A layout, of source `source`.
    case layout(LayoutHash, source: Int)
    /// The keyframe of `source` in the batch `sequence` of the same epoch.
    case keyframe(source: Int, sequence: UInt64)
}

/// What a decoder accepts.
public struct CodecLimits: Sendable {
    /// Bytes of a decompressed body.
    public var bodyBytes = 8 << 20
    /// Series of one source.
    public var series = 100_000
    /// Items of one batch.
    public var items = 4096
    /// Sources of one agent.
    public var sources = 64

    /// 8 MiB, 100,000 series, 4,096 items, 64 sources.
    public init() {}
}
