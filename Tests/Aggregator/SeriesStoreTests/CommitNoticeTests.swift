@testable import SeriesStore
import Testing

struct CommitNoticeTests {
    private func keys(_ count: Int) -> [BatchKey] {
        (0..<count).map { BatchKey(agent: Int32($0), epoch: .max - UInt64($0), sequence: UInt64($0) << 40) }
    }

    @Test(arguments: [1, 280, 281, 1000])
    func everyBatchIsNamedInPiecesThatPostgreSQLTakes(count: Int) {
        let notice = CommitNotice(origin: .max, receipts: 1_800_057_600_000...1_800_057_601_000, keys: keys(count))
        let payloads = notice.payloads
        #expect(payloads.allSatisfy { $0.utf8.count < 8000 })
        let read = payloads.compactMap { CommitNotice(payload: $0) }
        #expect(read.flatMap(\.keys) == notice.keys)
        #expect(read.allSatisfy { $0.origin == .max && $0.receipts == notice.receipts })
    }

    @Test(arguments: ["", "x", "1 2 3", "1 3 2 ", "1 2 3 AAAA", "1 2 3 %", "g 2 3 "])
    func otherPayloadsAreRefused(payload: String) {
        #expect(CommitNotice(payload: payload) == nil)
    }

    @Test func aBacklogHasABoundBeyondWhichItOnlyKnowsSinceWhenToLook() {
        let backlog = FollowedBacklog(limit: 10)
        backlog.add(CommitNotice(origin: 1, receipts: 100...200, keys: keys(6)))
        backlog.add(CommitNotice(origin: 1, receipts: 150...300, keys: keys(4)))
        #expect(backlog.take(7) == .batches(Array((keys(6) + keys(4)).prefix(7)), receipts: 100...300))
        backlog.add(CommitNotice(origin: 1, receipts: 400...400, keys: keys(8)))
        #expect(backlog.take(7) == .everything(after: 99))
        #expect(backlog.take(7) == nil)
    }
}
