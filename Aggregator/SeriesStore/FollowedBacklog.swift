internal import AsyncSupport
internal import Synchronization

/// What other aggregators committed and this one has not read yet: names of batches up to a bound, and beyond it only
/// since when to look.
final class FollowedBacklog: Sendable {
    /// What to read next.
    enum Work: Equatable, Sendable {
        /// Exactly these, received in this range.
        case batches([BatchKey], receipts: ClosedRange<Int64>)
        /// Whatever was received after this instant, in milliseconds since 1970.
        case everything(after: Int64)
    }

    private struct State {
        var keys: [BatchKey] = []
        var receipts: ClosedRange<Int64>?
        /// Something was missed since then.
        var missedAfter: Int64?

        mutating func miss(after instant: Int64) {
            missedAfter = min(instant, missedAfter ?? .max, receipts.map { $0.lowerBound - 1 } ?? .max)
            (keys, receipts) = ([], nil)
        }
    }

    /// Names kept: half a minute of 2,000 batches a second.
    private let limit: Int
    private let signal = Signal()
    private let state = Mutex(State())

    init(limit: Int = 60_000) {
        self.limit = limit
    }

    /// Returns when there is something to read.
    func wait() async throws { try await signal.wait() }

    /// Adds what another aggregator committed.
    func add(_ notice: CommitNotice) {
        state.withLock { state in
            state.keys += notice.keys
            state.receipts =
                state.receipts.map {
                    min($0.lowerBound, notice.receipts.lowerBound)...max($0.upperBound, notice.receipts.upperBound)
                } ?? notice.receipts
            guard state.keys.count > limit, let receipts = state.receipts else { return }
            state.miss(after: receipts.lowerBound - 1)
        }
        signal.send()
    }

    /// Notes that notices may have been missed since `instant`; those that wait say nothing that is not found then.
    func miss(after instant: Int64) {
        state.withLock { $0.miss(after: instant) }
        signal.send()
    }

    /// Takes at most `count` names off; nil if there is nothing to read.
    func take(_ count: Int) -> Work? {
        state.withLock { state in
            if let instant = state.missedAfter {
                state.missedAfter = nil
                return .everything(after: instant)
            }
            guard let receipts = state.receipts, !state.keys.isEmpty else { return nil }
            let taken = Array(state.keys.prefix(count))
            state.keys.removeFirst(taken.count)
            if state.keys.isEmpty { state.receipts = nil }
            return .batches(taken, receipts: receipts)
        }
    }
}
