internal import FrameCodec
internal import Model

/// What was dropped and not yet told. A report that was told in a batch which is dropped in its turn is told again.
/// Bounded: neighbours of one reason and epoch are one entry, and beyond `limit` entries the newest one grows.
struct DropLog: Sendable {
    private static let limit = 32
    private(set) var total: UInt64 = 0
    private var entries: [DropReport] = []
    /// How many of `entries` are in the batch that is being made.
    private var offered = 0
    /// What was told in batches that are not acknowledged yet, and in which.
    private var told: [(segment: UInt64, sequence: UInt64, report: DropReport)] = []

    mutating func add(_ report: DropReport) {
        total += report.batches
        queue(report)
    }

    private mutating func queue(_ report: DropReport) {
        let index = entries.lastIndex { $0.reason == report.reason && $0.epoch == report.epoch }
        if let index, index >= offered {
            entries[index].merge(report)
        } else if entries.count >= Self.limit, offered < entries.count {
            entries[entries.count - 1].merge(report)
        } else {
            entries.append(report)
        }
    }

    /// The entries, which go into the batch that is being made.
    mutating func offer() -> [DropReport] {
        offered = entries.count
        return entries
    }

    /// The batch that was being made is kept, in `segment` as `sequence`.
    mutating func reported(in segment: UInt64, as sequence: UInt64) {
        told += entries.prefix(offered).map { (segment, sequence, $0) }
        entries.removeFirst(min(offered, entries.count))
        offered = 0
        if told.count > 4 * Self.limit { told.removeFirst(told.count - 4 * Self.limit) }
    }

    /// `segment` is dropped, and with it what was told there in batches from `sequence` on: those before arrived.
    mutating func lost(_ segment: UInt64, from sequence: UInt64) {
        for entry in told where entry.segment == segment && entry.sequence >= sequence { queue(entry.report) }
        told.removeAll { $0.segment == segment }
    }

    /// `segment` is acknowledged, and with it what was told there.
    mutating func arrived(_ segment: UInt64) {
        told.removeAll { $0.segment == segment }
    }
}

extension DropReport {
    /// Takes in another report; what is told of the first batch is the older one's.
    fileprivate mutating func merge(_ other: DropReport) {
        batches += other.batches
        if other.epoch == epoch { firstSequence = min(firstSequence, other.firstSequence) }
        firstAt = min(firstAt, other.firstAt)
        lastAt = max(lastAt, other.lastAt)
    }

    /// Nothing is known but the reason.
    static func unknown(_ reason: Reason) -> DropReport {
        DropReport(
            reason: reason, batches: 0, epoch: 0, firstSequence: 0, firstAt: Timestamp(milliseconds: 0),
            lastAt: Timestamp(milliseconds: 0))
    }
}
