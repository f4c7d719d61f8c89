// Keeps an agent's batches on disk until the aggregator has them: append-only segments that survive kill -9 at any
// byte, bounded by bytes, read in two lanes, live and history. Leaves the batches' content to FrameCodec and sending
// to Uplink.

internal import AsyncSupport
public import FrameCodec
public import Model

/// A directory of batches, in order.
///
/// An opening of a spool is an *epoch*: a random number, in which batches count 1, 2, 3, …. Batches of earlier openings
/// keep their epoch. Every segment can be understood alone: its first batch repeats what its followers need.
///
/// There are two lanes. Usually all batches are *live*: sent in order as they come. After an outage the caller calls
/// `startLive()`: what is kept so far becomes *history*, which is sent beside the live lane at whatever rate the caller
/// likes, and what is appended from then on is live at once.
public actor Spool {
    /// The lanes.
    public enum Lane: Sendable, CaseIterable {
        /// What is being measured.
        case live
        /// What an outage left behind.
        case history
    }

    /// A batch in the spool.
    public struct Record: Sendable {
        /// Where it is: hand it back to `acknowledge`, `giveUp` and `rewind`.
        public let position: SpoolPosition
        /// The zstd frame that was appended.
        public let body: [UInt8]
        /// When the batch was made.
        public let madeAt: Timestamp
        /// The lane it was read from.
        public let lane: Lane
    }

    /// What an operator may ask.
    public struct Status: Hashable, Sendable {
        /// Bytes of all segments.
        public var bytes: Int
        /// Batches that were not acknowledged.
        public var pending: Int
        /// When the oldest of them was made; nil if there is none.
        public var oldestPending: Timestamp?
        /// Batches dropped since the opening.
        public var dropped: UInt64
        /// Segments.
        public var segments: Int
    }

    private let executor = BlockingExecutor(label: "spool")
    /// A queue of its own: writes and fdatasync block.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Opens `directory`, made if missing, recovers what it holds and begins an epoch.
    ///
    /// - Parameter limitBytes: of all segments together.
    /// - Parameter segmentBytes: after which a segment is closed; at most a quarter of the limit.
    /// - Throws: `.locked` if another process has it open.
    public init(
        directory: String, limitBytes: Int, segmentBytes: Int = 1 << 20,
        random: @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) }
    ) throws(SpoolError) {
    }

    /// Where the next batch will stand. Closes the segment if it is full.
    public func nextSlot() throws(SpoolError) -> BatchSlot { throw SpoolError(.disk, "not written yet") }

    /// Appends `batch`, made for the slot that `nextSlot` gave.
    ///
    /// - Parameter sync: wait until it is on the disk (fdatasync). Asked for only while the aggregator has been away
    ///   for half a minute: an fsync of ours lands in etcd's journal too.
    /// - Throws: `.full` when the disk is full, `.disk` for other refusals, `.wrongSlot` for a batch of another slot.
    ///   The batch is then counted as dropped, the next slot starts a segment, and the spool goes on.
    public func append(_ batch: EncodedBatch, sync: Bool) throws(SpoolError) {}

    /// The first batch of `lane` that was not acknowledged, or the one after `position`; nil if there is none.
    public func next(_ lane: Lane, after position: SpoolPosition? = nil) throws(SpoolError) -> Record? { nil }

    /// `position` and everything before it in its lane is stored by the aggregator.
    public func acknowledge(_ position: SpoolPosition) throws(SpoolError) {}

    /// `position` and everything before it in its lane goes again from its segment's start: the aggregator lacks
    /// context.
    public func rewind(toSegmentOf position: SpoolPosition) throws(SpoolError) {}

    /// All that is kept goes again, acknowledged or not: the aggregator was restored from a backup.
    public func rewindAll() throws(SpoolError) {}

    /// What is kept so far becomes history; the next slot starts a segment and the live lane.
    public func startLive() throws(SpoolError) {}

    /// Begins an epoch and a segment: the clock was set.
    public func startEpoch() throws(SpoolError) {}

    /// What was dropped and not yet reported: add it to the next batch. Kept until that batch is appended.
    public var unreportedDrops: [DropReport] { [] }

    /// How full it is.
    public var status: Status { Status(bytes: 0, pending: 0, oldestPending: nil, dropped: 0, segments: 0) }
}

/// A batch's place: its segment, its number there, and who it is.
public struct SpoolPosition: Hashable, Sendable {
    /// Number of the segment, rising.
    public let segment: UInt64
    /// Its place in the segment, from 0.
    public let index: Int
    /// The batch's epoch.
    public let epoch: UInt64
    /// The batch's number in it.
    public let sequence: UInt64
}

/// Why the spool could not do what it was asked.
public struct SpoolError: Error, Sendable, CustomStringConvertible {
    /// What happened, for a program.
    public enum Code: String, Sendable {
        /// Another process has the directory open.
        case locked
        /// The disk is full.
        case full
        /// The disk refused otherwise.
        case disk
        /// A batch that was made for another slot.
        case wrongSlot
        /// A batch larger than a segment.
        case tooLarge
    }

    /// What happened, for a program.
    public var code: Code
    /// What was tried and what the system said.
    public var message: String
    /// The system call that failed.
    public var cause: (any Error)?

    /// The error `code`.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String { message }
}
