import FrameCodec
import Glibc
import Model
import Testing

@testable import Spool

@Suite struct SpoolCrashTests {
    /// The bytes of one segment with `count` records, closed or as it is while it is appended to.
    private func segment(records count: Int, isClosed: Bool) async throws -> (bytes: [UInt8], ends: [Int]) {
        let directory = try TemporaryDirectory()
        var ends: [Int] = []
        let path = directory.path + "/" + Segment.name(1)
        var spool: Spool? = try Spool(directory: directory.path, limitBytes: 1 << 20)
        for turn in 0..<count {
            try await spool?.appendNext(bytes: 20 + turn)
            ends.append(TemporaryDirectory.content(path).count)
        }
        if isClosed {
            await spool?.startLive()
            try await spool?.appendNext()
        }
        let bytes = TemporaryDirectory.content(path)
        spool = nil
        return (bytes, ends)
    }

    /// What a spool finds that is opened on a directory with this one segment.
    private func recovered(_ bytes: some Collection<UInt8>) async throws -> [SpoolRecord] {
        let directory = try TemporaryDirectory()
        TemporaryDirectory.write(bytes, to: directory.path + "/" + Segment.name(1))
        let spool = try Spool(directory: directory.path, limitBytes: 1 << 20)
        let records = await spool.drain(.history)
        // It goes on working, and once more opened holds the same.
        try await spool.appendNext()
        #expect(await spool.drain(.live).count == 1)
        return records
    }

    @Test(arguments: [false, true])
    func aSegmentCutAtAnyByteKeepsAllWholeRecords(isClosed: Bool) async throws {
        let (bytes, ends) = try await segment(records: 6, isClosed: isClosed)
        for cut in 0...bytes.count {
            let records = try await recovered(bytes.prefix(cut))
            #expect(
                records.map(\.position.sequence) == (1...6).prefix(ends.filter { $0 <= cut }.count).map(UInt64.init))
            for (turn, record) in records.enumerated() {
                #expect(record.body == body(record.position.sequence, bytes: 20 + turn))
            }
        }
    }

    @Test func aChangedByteNeverGivesAChangedBatch() async throws {
        let (bytes, ends) = try await segment(records: 4, isClosed: false)
        for at in bytes.indices {
            var damaged = bytes
            damaged[at] ^= 0x10
            let records = try await recovered(damaged)
            for (turn, record) in records.enumerated() {
                #expect(record.body == body(UInt64(turn + 1), bytes: 20 + turn))
            }
            if at >= SegmentFormat.firstRecord { #expect(records.count == ends.filter { $0 <= at }.count) }
        }
    }

    @Test func anythingBehindAKilledProcessIsAPrefixOfWhatItAppended() async throws {
        for _ in 0..<5 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                let spool = try Spool(
                    directory: "/tmp/etcd-monitor-spool-kill-\(getppid())", limitBytes: 1 << 26, segmentBytes: 1 << 14)
                var thread = pthread_t()
                pthread_create(
                    &thread, nil,
                    { _ in
                        usleep(UInt32.random(in: 2000...40000))
                        kill(getpid(), SIGKILL)
                        return nil
                    }, nil)
                while true { try await spool.appendNext(bytes: Int.random(in: 1...3000)) }
            }
        }
        let path = "/tmp/etcd-monitor-spool-kill-\(getpid())"
        defer { TemporaryDirectory.remove(path) }
        let spool = try Spool(directory: path, limitBytes: 1 << 26)
        let records = await spool.drain(.history)
        #expect(!records.isEmpty)
        var last: [UInt64: UInt64] = [:]
        for record in records {
            let (epoch, sequence) = (record.position.epoch, record.position.sequence)
            #expect(sequence == last[epoch, default: 0] + 1)
            #expect(record.body == body(sequence, bytes: record.body.count))
            last[epoch] = sequence
        }
        #expect(last.count > 1)
    }

    @Test(.enabled(if: geteuid() == 0, "a full disk is made by mounting a small one, which needs root"))
    func aFullDiskRefusesClearlyAndIsForgottenOnceThereIsRoom() async throws {
        let directory = try TemporaryDirectory()
        try #require(mount("tmpfs", directory.path, "tmpfs", 0, "size=64k") == 0)
        defer { umount2(directory.path, Int32(MNT_DETACH)) }
        let spool = try Spool(directory: directory.path, limitBytes: 1 << 20, segmentBytes: 1 << 14)
        var kept: [UInt64] = []
        var refused = 0
        for _ in 0..<200 {
            do {
                kept.append(try await spool.appendNext(bytes: 1000).sequence)
            } catch let error as SpoolError {
                #expect(error.code == .full)
                refused += 1
            }
        }
        #expect(refused > 100)
        #expect(await spool.status.dropped == UInt64(refused))
        #expect(await spool.drain(.live).map(\.position.sequence) == kept)
        // What was acknowledged makes room.
        #expect(try await spool.appendNext(bytes: 1000).startsSegment)
        let record = try #require(await spool.next(.live))
        #expect(record.position.sequence == 201 && record.body == body(201, bytes: 1000))
    }
}
