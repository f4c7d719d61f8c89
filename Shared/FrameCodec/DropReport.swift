public import Model

/// What a spool could not keep: said in the next batch that is written, so that a gap has a reason.
public struct DropReport: Hashable, Sendable {
    /// Why.
    public enum Reason: UInt8, Sendable, CaseIterable {
        /// The spool held as many bytes as it may, and its oldest segment went.
        case spoolFull = 1
        /// The disk refused the write.
        case diskRefused = 2
        /// A segment could not be read back.
        case damaged = 3
    }

    /// Why.
    public var reason: Reason
    /// How many batches, as far as is known.
    public var batches: UInt64
    /// The epoch they were of; 0 if they never had a number.
    public var epoch: UInt64
    /// The first of their sequences; 0 if they never had a number.
    public var firstSequence: UInt64
    /// When the first was made.
    public var firstAt: Timestamp
    /// When the last was made.
    public var lastAt: Timestamp

    /// A report.
    public init(
        reason: Reason, batches: UInt64, epoch: UInt64, firstSequence: UInt64, firstAt: Timestamp, lastAt: Timestamp
    ) {
        self.reason = reason
        self.batches = batches
        self.epoch = epoch
        self.firstSequence = firstSequence
        self.firstAt = firstAt
        self.lastAt = lastAt
    }
}

extension DropReport {
    func encode(into writer: inout ByteWriter) {
        writer.byte(reason.rawValue)
        writer.varint(batches)
        writer.varint(epoch)
        writer.varint(firstSequence)
        writer.signed(firstAt.milliseconds)
        writer.signed(lastAt.milliseconds)
    }

    init(from reader: inout ByteReader) throws(CodecError) {
        let start = reader.at
        guard let reason = Reason(rawValue: try reader.byte()) else {
            throw CodecError(.unsupported, at: start, "a reason to drop that is not known here")
        }
        self.init(
            reason: reason, batches: try reader.varint(), epoch: try reader.varint(),
            firstSequence: try reader.varint(), firstAt: Timestamp(milliseconds: try reader.signed()),
            lastAt: Timestamp(milliseconds: try reader.signed()))
    }
}
