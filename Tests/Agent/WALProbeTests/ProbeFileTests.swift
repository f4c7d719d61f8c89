import DurableFiles
import Glibc
import Model
import TestSupport
import Testing

@testable import WALProbe

@Suite struct ProbeFileTests {
    @Test func recordsAreWrittenForwardIntoPreallocatedBlocks() throws {
        let directory = try TemporaryDirectory()
        do {
            var file = try ProbeFile.make(in: directory.path)
            let path = directory.file(ProbeFile.name)
            var status = stat()
            #expect(stat(path, &status) == 0)
            #expect(Int(status.st_size) == ProbeFile.sizeBytes)
            #expect(Int(status.st_blocks) * 512 >= ProbeFile.sizeBytes, "its blocks are its own")
            let device = file.device
            #expect(device == DeviceNumber(status.st_dev))
            let record = [UInt8](repeating: 7, count: 2300)
            _ = try file.append(record)
            _ = try file.append(record)
            let offset = file.offset
            #expect(offset == 4600)
            let bytes = try directory.read(ProbeFile.name)
            #expect(bytes.prefix(4600).allSatisfy { $0 == 7 })
            #expect(bytes.dropFirst(4600).allSatisfy { $0 == 0 })
            let (fits, doesNot) = (ProbeFile.sizeBytes - 4600, ProbeFile.sizeBytes - 4599)
            let hasRoom = (file.hasRoom(for: fits), file.hasRoom(for: doesNot))
            #expect(hasRoom == (true, false))
        }
        #expect(access(directory.file(ProbeFile.name), F_OK) != 0, "it goes with its owner")
    }

    @Test func whatACrashLeftIsReplaced() throws {
        let directory = try TemporaryDirectory()
        try directory.write("left", to: ProbeFile.name)
        let file = try ProbeFile.make(in: directory.path)
        let offset = file.offset
        #expect(offset == 0)
        #expect(try directory.read(ProbeFile.name).count == ProbeFile.sizeBytes)
    }
}

@Suite struct ByteBudgetTests {
    private func at(day: Int64, _ milliseconds: Int64 = 0) -> Timestamp {
        Timestamp(milliseconds: day * 86_400_000 + milliseconds)
    }

    @Test func wholePagesAreCounted() {
        var budget = ByteBudget(limit: 1 << 20)
        let result1 = budget.take(2300, at: 0, now: at(day: 9))
        #expect(result1 == 4096)
        let result2 = budget.take(2300, at: 2300, now: at(day: 9))
        #expect(result2 == 8192, "it touches two pages")
        let result3 = budget.take(8000, at: 4096, now: at(day: 9))
        #expect(result3 == 8192)
    }

    @Test func aDayHasItsLimitAndTheNextOneItsOwn() {
        var budget = ByteBudget(limit: 8192)
        let result4 = budget.take(8192, at: 0, now: at(day: 9))
        #expect(result4 == 8192)
        let result5 = budget.take(1, at: 0, now: at(day: 9, 86_399_999))
        #expect(result5 == nil)
        let result6 = budget.take(1, at: 0, now: at(day: 10))
        #expect(result6 == 4096)
        let result7 = budget.take(8192, at: 0, now: at(day: 9))
        #expect(result7 == nil, "a clock set back earns nothing")
    }
}

@Suite struct ProbeOptionsTests {
    @Test func theDaysBytesLastForTheDay() {
        var options = ProbeOptions()
        #expect(options.pace >= options.interval)
        // By the pages that records of both sizes touch, one behind the other.
        var budget = ByteBudget(limit: .max)
        var (offset, spent) = (0, 0)
        let records = Int(Duration.seconds(86_400) / options.pace)
        for number in 0..<records {
            let bytes = ProbeOptions.recordSizes[number % ProbeOptions.recordSizes.count]
            if offset + bytes > ProbeFile.sizeBytes { offset = 0 }
            spent += budget.take(bytes, at: offset, now: Timestamp(milliseconds: 0)) ?? 0
            offset += bytes
        }
        #expect(spent <= options.dailyLimitBytes)
        #expect(spent > options.dailyLimitBytes * 9 / 10)
        options.interval = .seconds(60)
        #expect(options.pace == .seconds(60))
    }
}

@Suite struct ProbeTallyTests {
    @Test func quantilesAreMeasuredValuesOfTheWindow() throws {
        let start = ContinuousClock.now
        var ring = LatencyRing(capacity: 100)
        for number in 1...150 { ring.append(Double(number), at: start + .seconds(number)) }
        #expect(ring.quantiles([0, 0.5, 0.99, 1], since: start) == [51, 100, 149, 150], "the newest hundred")
        #expect(ring.quantiles([0.5], since: start + .seconds(149)) == [149])
        #expect(ring.quantiles([0.5], since: start + .seconds(151)) == nil)
    }

    @Test func tenMillisecondsAreABound() {
        let start = ContinuousClock.now
        var tally = ProbeTally(options: ProbeOptions())
        for seconds in [0.0101, 0.0100, 0.0099, 6] {
            tally.note(size: 1, write: 0.001, sync: seconds, bytes: 8192, at: start)
        }
        let latencies = tally.report.latencies[1]
        let ten = ProbeReport.bounds.firstIndex(of: 0.010).map { latencies.buckets[...$0].reduce(0, +) }
        #expect(ten == 2)
        #expect(latencies.buckets.last == 1)
        #expect(latencies.count == 4)
        #expect(tally.report.latencies[0].count == 0)
    }

    @Test func aRestIsCountedOnce() {
        var tally = ProbeTally(options: ProbeOptions())
        let result8 = tally.note(.resting, reason: "slow_apply", message: "")
        #expect(result8)
        let result9 = tally.note(.resting, reason: "slow_apply", message: "")
        #expect(!result9)
        let result10 = tally.note(.running, reason: "", message: "")
        #expect(result10)
        let result11 = tally.note(.resting, reason: "slow_apply", message: "")
        #expect(result11)
        #expect(tally.report.rests == [.slowApply: 2])
    }
}
