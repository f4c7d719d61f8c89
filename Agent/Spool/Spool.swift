// Keeps an agent's batches on disk until the aggregator has them: append-only segments that survive kill -9 at any
// byte, bounded by bytes, read in two lanes, live and history. Leaves the batches' content to FrameCodec and sending
// to Uplink.

internal import AsyncSupport
internal import DurableFiles
public import FrameCodec
internal import Model

/// A directory of batches, in order.
///
/// An opening of a spool is an *epoch*: a random number, in which batches count 1, 2, 3, …. Batches of earlier openings
/// keep their epoch, so no question of what a crash left behind can give one number to two batches. Every segment can
/// be understood alone: its first batch repeats what its followers need.
///
/// There are two lanes. Usually all batches are *live*: sent in order as they come. After an outage the caller calls
/// `startLive()`: what is kept so far becomes *history*, which is sent beside the live lane at whatever rate the caller
/// likes, and what is appended from then on is live at once.
public actor Spool {
    /// The lanes.
    public enum Lane: Sendable, CaseIterable {
        /// What is being measured.
        case live
        /// What an outage, or an earlier process, left behind.
        case history
    }

    private let executor = BlockingExecutor(label: "spool")
    /// A queue of its own: writes and fdatasync block.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let directory: String
    let limitBytes: Int
    private let segmentBytes: Int
    private let random: @Sendable () -> UInt64
    private let lock: FileLock

    /// By number; the last one is being appended to unless it is closed.
    var segments: [Segment]
    /// The first segment of the live lane.
    var liveStart: UInt64
    var drops = DropLog()
    private var nextNumber: UInt64
    private var epoch: UInt64
    private var sequence: UInt64 = 1
    private var mustStartSegment = true
    private var hasUnsyncedNames = false

    /// Opens `directory`, made if missing, recovers what it holds as history and begins an epoch.
    ///
    /// - Parameter limitBytes: of all segments together.
    /// - Parameter segmentBytes: after which a segment is closed; at most a quarter of the limit.
    /// - Parameter random: draws epochs.
    /// - Throws: `.locked` if another process has it open.
    public init(
        directory: String, limitBytes: Int, segmentBytes: Int = 1 << 20,
        random: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) }
    ) throws(SpoolError) {
        self.directory = directory
        self.limitBytes = limitBytes
        self.segmentBytes = max(min(segmentBytes, limitBytes / 4), 1)
        self.random = random
        do throws(FileError) {
            try Directory.create(directory)
            lock = try FileLock(directory + "/lock")
            segments = try Self.recover(directory, &drops)
        } catch {
            throw SpoolError("the spool cannot be opened", error)
        }
        let next = (segments.last?.number ?? 0) + 1
        (nextNumber, liveStart) = (next, next)
        epoch = Self.draw(random)
    }

    /// A positive number of 63 bits: it is a key in the aggregator's database.
    private static func draw(_ random: () -> UInt64) -> UInt64 {
        max(random() & UInt64(Int64.max), 1)
    }

    private static func recover(_ directory: String, _ drops: inout DropLog) throws(FileError) -> [Segment] {
        var segments: [Segment] = []
        for name in try Directory.entries(directory) {
            guard let number = Segment.number(name) else { continue }
            let path = directory + "/" + name
            do throws(FileError) {
                if let segment = try Segment(recovering: path, number: number) {
                    segments.append(segment)
                } else {
                    try Directory.removeFile(path)
                }
            } catch  where error.code == .system || error.code == .damaged {
                // One unreadable file must not keep an agent from starting.
                drops.add(.unknown(.damaged))
                try Directory.removeFile(path)
            }
        }
        return segments
    }

    // MARK: Appending

    /// Where the next batch will stand.
    public var nextSlot: BatchSlot {
        let isFull = segments.last.map { !$0.isOpen || $0.bytes >= segmentBytes } ?? true
        return BatchSlot(epoch: epoch, sequence: sequence, startsSegment: mustStartSegment || isFull)
    }

    /// Appends `batch`, made for `nextSlot`.
    ///
    /// - Parameter sync: wait until it is on the disk (fdatasync). Asked for only while the aggregator has been away
    ///   for half a minute: an fsync of ours lands in etcd's journal too.
    /// - Throws: `.full` when the disk is full, `.disk` for other refusals, `.tooLarge`, `.wrongSlot`. The batch is then
    ///   counted as dropped, its number is left out, the next slot starts a segment, and the spool goes on.
    public func append(_ batch: EncodedBatch, sync: Bool = false) throws(SpoolError) {
        guard batch.slot == nextSlot else { throw SpoolError(.wrongSlot, "a batch that was made for another slot") }
        defer { sequence += 1 }
        do throws(FileError) {
            let needed = batch.body.count + SegmentFormat.firstRecord + SegmentFormat.recordHeaderBytes
            guard needed <= limitBytes / 2 else { throw FileError(.tooLarge, "append to the spool", path: directory) }
            try makeRoom(for: needed)
            do throws(FileError) {
                try write(batch, sync: sync)
            } catch  where error.code == .noSpace && releaseAcknowledged() {
                try write(batch, sync: sync)
            }
            if let current = segments.last { drops.reported(in: current.number, as: sequence) }
        } catch {
            mustStartSegment = true
            drops.add(
                DropReport(
                    reason: .diskRefused, batches: 1, epoch: epoch, firstSequence: sequence, firstAt: batch.madeAt,
                    lastAt: batch.madeAt))
            if error.code == .tooLarge {
                throw SpoolError(.tooLarge, "a batch of \(batch.body.count) bytes does not fit the spool", cause: error)
            }
            throw SpoolError("a batch cannot be kept", error)
        }
    }

    private func write(_ batch: EncodedBatch, sync: Bool) throws(FileError) {
        if batch.slot.startsSegment { try startSegment(batch.slot) }
        guard let current = segments.last else { throw FileError(.damaged, "append to the spool", path: directory) }
        try current.append(batch.body, sequence: batch.slot.sequence, madeAt: batch.madeAt.milliseconds, sync: sync)
        mustStartSegment = false
        if sync { syncTheRest() }
    }

    /// Syncs what was written before syncing was asked for. What fails is tried again with the next batch: the batch
    /// that asked is on the disk already.
    private func syncTheRest() {
        do throws(FileError) {
            for segment in segments where segment.isDirty { try segment.sync() }
            if hasUnsyncedNames { try Directory.sync(directory) }
            hasUnsyncedNames = false
        } catch {
            return
        }
    }

    private func startSegment(_ slot: BatchSlot) throws(FileError) {
        try closeCurrent()
        let header = SegmentFormat.Header(epoch: slot.epoch, number: nextNumber, firstSequence: slot.sequence)
        // Also if it cannot be made: a name that is in the way must not be in the way for ever.
        nextNumber += 1
        segments.append(try Segment(creating: header, in: directory))
        hasUnsyncedNames = true
    }

    /// Closes the segment that was appended to; one that holds nothing goes.
    private func closeCurrent() throws(FileError) {
        guard let current = segments.last, current.isOpen else { return }
        current.close()
        if current.records == 0 { try remove(segments.count - 1) }
    }

    // MARK: Bounds

    /// Drops segments until `count` bytes fit: acknowledged ones first, then the oldest.
    private func makeRoom(for count: Int) throws(FileError) {
        while segments.reduce(count, { $0 + $1.size }) > limitBytes {
            if releaseAcknowledged() { continue }
            guard segments.count > 1, let oldest = segments.first else { return }
            drops.add(oldest.dropReport(.spoolFull))
            drops.lost(oldest.number, from: oldest.firstPending)
            try remove(0)
        }
    }

    /// Drops the oldest segment that is closed and acknowledged; false if there is none.
    private func releaseAcknowledged() -> Bool {
        guard let index = segments.firstIndex(where: { !$0.isOpen && $0.isAcknowledged }) else { return false }
        drops.arrived(segments[index].number)
        do throws(FileError) {
            try remove(index)
            return true
        } catch {
            return false
        }
    }

    private func remove(_ index: Int) throws(FileError) {
        try Directory.removeFile(segments[index].path)
        segments.remove(at: index)
    }

    // MARK: Lanes and epochs

    /// What is kept so far becomes history; the next slot starts a segment and the live lane.
    public func startLive() {
        liveStart = nextNumber
        mustStartSegment = true
    }

    /// Begins an epoch and a segment: the clock was set.
    public func startEpoch() {
        epoch = Self.draw(random)
        sequence = 1
        mustStartSegment = true
    }
}
