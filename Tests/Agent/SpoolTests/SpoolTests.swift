import DurableFiles
import FrameCodec
import Glibc
import Model
import Testing

@testable import Spool

@Suite struct SpoolTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func open(limit: Int = 1 << 20, segment: Int = 1 << 16) throws -> Spool {
        try Spool(directory: directory.path, limitBytes: limit, segmentBytes: segment)
    }

    @Test func givesBackWhatWasAppendedInOrderAndOnce() async throws {
        let spool = try open(segment: 400)
        for _ in 0..<50 { try await spool.appendNext() }
        let records = await spool.drain(.live)
        #expect(records.map(\.position.sequence) == Array(1...50))
        #expect(records.allSatisfy { $0.body == body($0.position.sequence) })
        #expect(records.allSatisfy { $0.madeAt.milliseconds == Int64($0.position.sequence) * 5000 })
        #expect(await spool.next(.live) == nil)
        #expect(await spool.status.pending == 0)
    }

    @Test func theFirstBatchOfEachSegmentIsToldToRepeatWhatItsFollowersNeed() async throws {
        let spool = try open(segment: 400)
        var starts: [UInt64] = []
        for _ in 0..<20 {
            let slot = try await spool.appendNext()
            if slot.startsSegment { starts.append(slot.sequence) }
        }
        #expect(starts.first == 1)
        #expect(starts.count == (await spool.status.segments))
    }

    @Test func eachOpeningIsAnEpochOfItsOwnAndKeepsTheEpochsBefore() async throws {
        let first = try await open().appendNext()
        let spool = try open()
        let second = try await spool.appendNext()
        #expect(first.epoch != second.epoch)
        #expect(second.sequence == 1 && second.startsSegment)
        #expect(await spool.drain(.history).map(\.position.epoch) == [first.epoch])
        #expect(await spool.drain(.live).map(\.position.epoch) == [second.epoch])
    }

    @Test func acknowledgementsAreRememberedByTheNextProcess() async throws {
        do {
            let spool = try open(segment: 400)
            for _ in 0..<20 { try await spool.appendNext() }
            for _ in 0..<13 {
                let record = try #require(await spool.next(.live))
                await spool.acknowledge(record.position)
            }
        }
        let spool = try open()
        #expect(await spool.drain(.history).map(\.position.sequence) == Array(14...20))
    }

    @Test func afterAnOutageTheNewestGoFirstAndHistoryBesideThem() async throws {
        let spool = try open()
        for _ in 0..<10 { try await spool.appendNext() }
        await spool.startLive()
        #expect(try await spool.appendNext().startsSegment)
        try await spool.appendNext()
        #expect(await spool.status.history == 10)
        #expect(await spool.drain(.live).map(\.position.sequence) == [11, 12])
        #expect(await spool.drain(.history).map(\.position.sequence) == Array(1...10))
    }

    @Test func aSegmentIsSentAgainWhenTheAggregatorLacksItsContext() async throws {
        let spool = try open(segment: 400)
        for _ in 0..<20 { try await spool.appendNext() }
        let records = await spool.drain(.live)
        let victim = try #require(records.first { $0.position.segment == 2 && $0.position.index == 3 })
        await spool.rewind(toSegmentOf: victim.position)
        let again = await spool.drain(.live).map(\.position)
        #expect(again == records.map(\.position).filter { $0.segment == 2 })
    }

    @Test func acknowledgedBatchesAreKeptWhileThereIsRoomAndCanGoAgain() async throws {
        let spool = try open(limit: 4000, segment: 500)
        for _ in 0..<30 { try await spool.appendNext() }
        let records = await spool.drain(.live)
        let epoch = try #require(records.first?.position.epoch)
        let all = [SequenceRange(epoch: epoch, sequences: 1...30)]
        #expect(await spool.acknowledged(limit: 10) == all)
        #expect(await spool.rewind(lacking: [SequenceRange(epoch: epoch ^ 1, sequences: 1...30)]) == 0)
        #expect(await spool.rewind(lacking: all) == 30)
        #expect(await spool.drain(.history).map(\.position.sequence) == Array(1...30))
        for _ in 0..<100 {
            try await spool.appendNext()
            _ = await spool.drain(.live)
        }
        #expect(await spool.status.dropped == 0)
        #expect(await spool.status.bytes <= 4000)
    }

    @Test func onlySegmentsThatHoldWhatIsLackingGoAgain() async throws {
        let spool = try open(segment: 500)
        for _ in 0..<30 { try await spool.appendNext() }
        let records = await spool.drain(.live).map(\.position)
        let victim = records[12]
        await spool.leaveOut(records[20])
        let ranges = await spool.acknowledged(limit: 10)
        #expect(ranges.map(\.sequences) == [1...20, 22...30], "what was refused is not lacking")
        #expect(await spool.acknowledged(limit: 1).map(\.sequences) == [22...30], "the newest count")
        let range = SequenceRange(epoch: victim.epoch, sequences: victim.sequence...victim.sequence)
        let expected = records.filter { $0.segment == victim.segment }
        #expect(await spool.rewind(lacking: [range]) == expected.count)
        #expect(await spool.drain(.history).map(\.position) == expected)
    }

    @Test func theOldestGoWhenItIsFullAndTheNextBatchSaysSo() async throws {
        let spool = try open(limit: 4000, segment: 500)
        for _ in 0..<100 { try await spool.appendNext() }
        let status = await spool.status
        #expect(status.bytes <= 4000)
        let report = try #require(await spool.unreportedDrops().first)
        #expect(report.reason == .spoolFull && report.firstSequence == 1)
        #expect(report.batches == status.dropped)
        #expect(report.lastAt.milliseconds == Int64(status.dropped) * 5000)
        #expect(await spool.drain(.live).map(\.position.sequence) == Array(status.dropped + 1...100))
        // Told with the batch that is appended next, and not again.
        try await spool.appendNext()
        #expect(await spool.unreportedDrops().isEmpty)
    }

    @Test func aSecondProcessIsRefused() async throws {
        let spool = try open()
        #expect { try open() } throws: { ($0 as? SpoolError)?.code == .locked }
        try await spool.appendNext()
    }

    @Test func refusesABatchOfAnotherSlotAndOneThatNeverFits() async throws {
        let spool = try open(limit: 4000)
        let slot = await spool.nextSlot
        try await spool.appendNext()
        let late = EncodedBatch(slot: slot, madeAt: Timestamp(milliseconds: 0), body: [1], uncompressedBytes: 1)
        await #expect { try await spool.append(late) } throws: { ($0 as? SpoolError)?.code == .wrongSlot }
        await #expect { try await spool.appendNext(bytes: 3000) } throws: { ($0 as? SpoolError)?.code == .tooLarge }
        #expect(try await spool.appendNext() == BatchSlot(epoch: slot.epoch, sequence: 3, startsSegment: true))
        // The number that was left out has its reason.
        #expect(await spool.unreportedDrops().map(\.firstSequence) == [2])
    }

    @Test func aClockThatWasSetBeginsAnEpoch() async throws {
        let spool = try open()
        let before = try await spool.appendNext()
        await spool.startEpoch()
        let after = try await spool.appendNext()
        #expect(before.epoch != after.epoch && after.sequence == 1 && after.startsSegment)
        #expect(await spool.drain(.live).map(\.position.epoch) == [before.epoch, after.epoch])
    }

    @Test func aDamagedRecordIsPassedOverAndReported() async throws {
        let spool = try open(segment: 400)
        for _ in 0..<20 { try await spool.appendNext() }
        let path = directory.path + "/" + Segment.name(2)
        var bytes = TemporaryDirectory.content(path)
        bytes[SegmentFormat.firstRecord + 100] ^= 1
        TemporaryDirectory.write(bytes, to: path)
        let records = await spool.drain(.live)
        #expect(records.allSatisfy { $0.body == body($0.position.sequence) })
        #expect(Set(records.map(\.position.segment)).contains(3))
        let report = try #require(await spool.unreportedDrops().first)
        #expect(report.reason == .damaged && Int(report.batches) + records.count == 20)
    }

    @Test func synchronousAppendsSucceedAndCoverWhatWasWrittenBefore() async throws {
        let spool = try open(segment: 400)
        for turn in 0..<20 { try await spool.appendNext(sync: turn > 10) }
        #expect(await spool.isSynced)
    }
}

extension Spool {
    fileprivate var isSynced: Bool { segments.allSatisfy { !$0.isDirty } }
}
