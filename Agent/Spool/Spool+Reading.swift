internal import DurableFiles
public import FrameCodec
public import Model

/// A batch's place in the spool, and who it is.
public struct SpoolPosition: Hashable, Sendable {
    /// Number of the segment, rising.
    public let segment: UInt64
    /// Its place in the segment, from 0.
    public let index: Int
    /// The batch's epoch.
    public let epoch: UInt64
    /// The batch's number in it.
    public let sequence: UInt64
    /// Where the record after it begins.
    let end: Int
}

/// A batch in the spool.
public struct SpoolRecord: Sendable {
    /// Where it is: hand it back to `acknowledge` and `rewind`.
    public let position: SpoolPosition
    /// The zstd frame that was appended.
    public let body: [UInt8]
    /// When the batch was made.
    public let madeAt: Timestamp
    /// The lane it was read from.
    public let lane: Spool.Lane
}

/// What an operator may ask of a spool.
public struct SpoolStatus: Hashable, Sendable {
    /// Bytes of all segments.
    public var bytes: Int
    /// Bytes that they may have.
    public var limitBytes: Int
    /// Segments.
    public var segments: Int
    /// Batches that were not acknowledged.
    public var pending: Int
    /// Of these, those in the history lane.
    public var history: Int
    /// When the oldest of them was made; nil if there is none. Interpolated within a segment.
    public var oldestPending: Timestamp?
    /// Batches dropped since the opening.
    public var dropped: UInt64
}

extension Spool {
    /// The first batch of `lane` that was not acknowledged, or, to send ahead of acknowledgements, the first after
    /// `position`; nil if there is none.
    ///
    /// A segment that cannot be read back is passed over and reported as dropped.
    public func next(_ lane: Lane, after position: SpoolPosition? = nil) -> SpoolRecord? {
        for segment in segments where self.lane(of: segment) == lane {
            var offset = segment.mark.bytes
            if let position {
                if segment.number < position.segment { continue }
                if segment.number == position.segment { offset = max(offset, position.end) }
            }
            do throws(SpoolError) {
                guard let found = try segment.record(at: offset) else { continue }
                let index = Int(clamping: found.header.sequence &- segment.header.firstSequence)
                return SpoolRecord(
                    position: SpoolPosition(
                        segment: segment.number, index: index, epoch: segment.epoch,
                        sequence: found.header.sequence, end: found.end),
                    body: found.body, madeAt: Timestamp(milliseconds: found.header.madeAt), lane: lane)
            } catch {
                drops.add(segment.dropReport(.damaged))
                drops.lost(segment.number, from: segment.firstPending)
                mark(segment, segment.end)
            }
        }
        return nil
    }

    /// The aggregator has `position` and everything before it in its segment.
    public func acknowledge(_ position: SpoolPosition) {
        guard let segment = segments.first(where: { $0.number == position.segment }),
            position.end > segment.mark.bytes, position.end <= segment.bytes
        else { return }
        mark(segment, SegmentFormat.Mark(bytes: position.end, records: position.index + 1))
    }

    /// The segment that `position` is in goes again from its start: the aggregator lacks what its batches build on.
    public func rewind(toSegmentOf position: SpoolPosition) {
        guard let segment = segments.first(where: { $0.number == position.segment }) else { return }
        mark(segment, .none)
    }

    /// The aggregator will never take `position`: as good as acknowledged.
    public func leaveOut(_ position: SpoolPosition) {
        segments.first { $0.number == position.segment }?.noteRefused(position.sequence)
        acknowledge(position)
    }

    /// What is kept although it is acknowledged: the newest `limit` ranges of numbers by epoch.
    public func acknowledged(limit: Int) -> [SequenceRange] {
        var ranges: [SequenceRange] = []
        func add(_ epoch: UInt64, _ sequences: Range<UInt64>) {
            guard let first = sequences.first, let end = sequences.last else { return }
            if let last = ranges.last, last.epoch == epoch, last.sequences.upperBound + 1 == first {
                ranges[ranges.count - 1].sequences = last.sequences.lowerBound...end
            } else {
                ranges.append(SequenceRange(epoch: epoch, sequences: first...end))
            }
        }
        for segment in segments {
            var first = segment.header.firstSequence
            let end = first + UInt64(segment.mark.records)
            for refused in segment.refused.sorted() where first..<end ~= refused {
                add(segment.epoch, first..<refused)
                first = refused + 1
            }
            add(segment.epoch, first..<end)
        }
        return ranges.suffix(limit)
    }

    /// The segments that hold any of `ranges` go again from their start, as history: the aggregator was restored from a
    /// backup and lacks them.
    ///
    /// - Returns: how many batches go again.
    public func rewind(lacking ranges: [SequenceRange]) -> Int {
        let affected = segments.filter { segment in
            guard segment.mark.records > 0 else { return false }
            let first = segment.header.firstSequence
            let held = first...(first + UInt64(segment.mark.records) - 1)
            return ranges.contains { $0.epoch == segment.epoch && $0.sequences.overlaps(held) }
        }
        guard !affected.isEmpty else { return 0 }
        startLive()
        let count = affected.reduce(0) { $0 + $1.mark.records }
        for segment in affected { mark(segment, .none) }
        return count
    }

    /// What was dropped and not yet told: add it to the batch that is being made. It is told once that is appended.
    public func unreportedDrops() -> [DropReport] { drops.offer() }

    /// How full it is.
    public var status: SpoolStatus {
        let waiting = segments.filter { !$0.isAcknowledged }
        return SpoolStatus(
            bytes: segments.reduce(0) { $0 + $1.size }, limitBytes: limitBytes, segments: segments.count,
            pending: waiting.reduce(0) { $0 + $1.pending },
            history: waiting.filter { lane(of: $0) == .history }.reduce(0) { $0 + $1.pending },
            oldestPending: waiting.map { $0.firstPendingAt }.min(), dropped: drops.total)
    }

    private func lane(of segment: Segment) -> Lane { segment.number < liveStart ? .history : .live }

    private func mark(_ segment: Segment, _ mark: SegmentFormat.Mark) {
        // A mark that cannot be written is right in memory; after a crash some batches go twice, which is harmless.
        try? segment.set(mark)
    }
}

extension Segment {
    /// When its first batch that waits was made, as if they came evenly.
    fileprivate var firstPendingAt: Timestamp {
        let share = records > 1 ? Double(mark.records) / Double(records - 1) : 0
        return Timestamp(milliseconds: firstAt + Int64(share * Double(max(lastAt - firstAt, 0))))
    }
}
