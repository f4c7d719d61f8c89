internal import FrameCodec
internal import Model

/// What was dropped and not yet told. Bounded: neighbours of one reason and epoch are one entry, and beyond
/// `limit` entries the newest ones grow.
struct DropLog: Sendable {
    private static let limit = 32
    private(set) var entries: [DropReport] = []
    private(set) var total: UInt64 = 0
    private var offered = 0

    mutating func add(_ report: DropReport) {
        total += report.batches
        if let last = entries.last, entries.count > offered,
            last.reason == report.reason && last.epoch == report.epoch || entries.count >= Self.limit
        {
            entries[entries.count - 1].batches += report.batches
            entries[entries.count - 1].firstAt = min(last.firstAt, report.firstAt)
            entries[entries.count - 1].lastAt = max(last.lastAt, report.lastAt)
        } else {
            entries.append(report)
        }
    }

    /// The entries, which go into the batch that is being made.
    mutating func offer() -> [DropReport] {
        offered = entries.count
        return entries
    }

    /// The batch that was being made is kept.
    mutating func reported() {
        entries.removeFirst(min(offered, entries.count))
        offered = 0
    }
}

extension DropReport {
    /// Nothing is known but the reason.
    static func unknown(_ reason: Reason) -> DropReport {
        DropReport(
            reason: reason, batches: 0, epoch: 0, firstSequence: 0, firstAt: Timestamp(milliseconds: 0),
            lastAt: Timestamp(milliseconds: 0))
    }
}
