/// Batches of one epoch with consecutive numbers.
public struct SequenceRange: Hashable, Sendable {
    /// The epoch.
    public var epoch: UInt64
    /// The first and the last number.
    public var sequences: ClosedRange<UInt64>

    /// The batches `sequences` of `epoch`.
    public init(epoch: UInt64, sequences: ClosedRange<UInt64>) {
        self.epoch = epoch
        self.sequences = sequences
    }
}
