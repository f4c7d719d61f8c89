import DurableFiles
import Glibc
import HostCollectors
import JSON
import Synchronization
import TestSupport
import Testing

@testable import DiskChecks

/// Checks as they run: the real fio, and programs in its place that fail as it may.
@Suite(.timeLimit(.minutes(5))) struct DiskCheckTests {
    private func error(_ body: () async throws -> DiskCheckResult) async -> DiskCheckError? {
        do {
            _ = try await body()
            Issue.record("the check did not fail")
            return nil
        } catch {
            return error as? DiskCheckError
        }
    }

    /// A program in fio's place.
    private func script(_ text: String, in directory: TemporaryDirectory) throws -> String {
        let path = try directory.write("#!/bin/sh\n" + text, to: "fio")
        #expect(chmod(path, 0o755) == 0)
        return path
    }

    @Test(.enabled(if: ToolProcess.find("fio") != nil)) func aRealDiskIsMeasuredGradedAndLeftClean() async throws {
        let directory = try TemporaryDirectory()
        let seen = Mutex<[DiskCheck.Progress]>([])
        let syncs = Mutex(0.0)
        let result = try await DiskCheck(directory: directory.path, runs: 1).run(
            syncsSoFar: {
                syncs.withLock { count in
                    count += 100
                    return count
                }
            }, onProgress: { progress in seen.withLock { $0.append(progress) } })
        #expect(result.latencies.count > 1000)
        #expect(result.latencies.p50 <= result.latencies.p99)
        #expect(result.latencies.p99 <= result.latencies.p999)
        #expect(result.grade == DiskGrade(result.latencies, limit: 0.010))
        #expect(!result.facts.filesystem.isEmpty)
        #expect(result.facts.etcdSyncsPerSecond ?? 0 > 0)
        #expect(seen.withLock { $0.first } == DiskCheck.Progress(run: 1, runs: 1, share: 0))
        #expect(try Directory.entries(directory.path).isEmpty)
        let json = try JSONValue(parsing: result.json)
        #expect(json["grade"]?.string == result.grade.rawValue)
        #expect(json["latencies"]?["p99"]?.double == result.latencies.p99)
        #expect(json["runs"]?.array?.count == 1)
        #expect(json["command"]?.string?.hasPrefix("fio --name=check") == true)
        #expect(result.text.contains("median"))
        #expect(result.text.contains("limit: p99 below 10.0 ms"))
    }

    @Test func theMedianOfTheRunsCounts() async throws {
        let directory = try TemporaryDirectory()
        let program = try script(
            """
            n=$(cat '\(directory.file("count"))' 2>/dev/null || echo 0)
            echo $((n + 1)) > '\(directory.file("count"))'
            case $n in 0) p=3000000;; 1) p=90000000;; *) p=5000000;; esac
            echo '{"fio version":"fio-3.33","jobs":[{"error":0,"job_runtime":1000,"sync":{"lat_ns":{"N":9,"max":90000000,'
            echo '"percentile":{"50.000000":1000,"90.000000":2000,"99.000000":'$p',"99.900000":9000000}}}}]}'
            """, in: directory)
        let result = try await DiskCheck(directory: directory.path, runs: 3, fio: program).run()
        #expect(result.runs.map(\.p99) == [0.003, 0.09, 0.005])
        #expect(result.latencies.p99 == 0.005)
        #expect(result.grade == .ready)
        #expect(result.syncsPerSecond == 9)
    }

    @Test func aProgramThatObeysNoSignalIsGivenUp() async throws {
        let directory = try TemporaryDirectory()
        let program = try script(
            "trap '' INT TERM\necho started > '\(directory.file("started"))'\nwhile :; do sleep 1000; done\n",
            in: directory)
        let check = DiskCheck(directory: directory.path, fio: program)
        let outcome = await withTaskGroup(of: DiskCheckError?.self) { group in
            group.addTask { await error { try await check.run() } }
            while access(directory.file("started"), F_OK) != 0 { try? await Task.sleep(for: .milliseconds(10)) }
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(outcome?.code == .cancelled)
        #expect(try Directory.entries(directory.path) == ["fio", "started"])
    }

    @Test(arguments: [
        (
            "echo 'fio: io_u error on file check.0.0: No space left on device: write' >&2; echo 'fio: pid=1, err=28/file' >&2; exit 1",
            DiskCheckError.Code.noSpace
        ),
        ("echo 'fio: pid=1, err=30/file:x, error=Read-only file system' >&2; exit 1", .readOnly),
        ("echo 'fio: pid=1, err=5/file:x, error=Input/output error' >&2; exit 1", .fioFailed),
        ("exit 3", .fioFailed),
        ("echo nothing", .fioFailed),
    ]) func whatFioSaysOfItsFailureIsToldWithARemedy(text: String, code: DiskCheckError.Code) async throws {
        let directory = try TemporaryDirectory()
        let program = try script(text, in: directory)
        let failure = try #require(
            await error { try await DiskCheck(directory: directory.path, runs: 1, fio: program).run() })
        #expect(failure.code == code)
        #expect(!failure.remedy.isEmpty)
        #expect(try Directory.entries(directory.path) == ["fio"])
    }

    @Test func withoutFioItSaysHowToGetIt() async throws {
        let directory = try TemporaryDirectory()
        let failure = await error {
            try await DiskCheck(directory: directory.path, fio: directory.file("missing")).run()
        }
        #expect(failure?.code == .fioMissing)
    }

    @Test func eachWrongDirectoryHasItsOwnMessage() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("x", to: "file")
        let cases: [(String, DiskCheckError.Code)] = [
            (directory.file("missing"), .directoryMissing), (directory.file("file"), .notADirectory),
            (directory.file("file/below"), .notADirectory), ("/proc", .directoryMissing),
        ]
        for (path, code) in cases {
            let failure = await error { try await DiskCheck(directory: path, fio: "/bin/true").run() }
            #expect(failure?.code == code, "\(path)")
            #expect(failure?.remedy.isEmpty == false)
        }
    }

    @Test func whatAKilledCheckLeftIsRemoved() throws {
        let directory = try TemporaryDirectory()
        let left = directory.file(".etcd-monitor-disk-check-999999999")
        #expect(mkdir(left, 0o700) == 0)
        try directory.write("x", to: ".etcd-monitor-disk-check-999999999/check.0.0")
        let place = try CheckDirectory.make(in: directory.path, bytes: 1)
        #expect(access(left, F_OK) != 0)
        #expect(access(place, F_OK) == 0)
        CheckDirectory.remove(place)
        #expect(try Directory.entries(directory.path).isEmpty)
    }
}

@Suite struct DiskFactsTests {
    @Test func theChainIsReadFromSysfs() throws {
        let directory = try TemporaryDirectory()
        func write(_ path: String, _ text: String) throws {
            var parent = directory.path
            for part in path.split(separator: "/").dropLast() {
                parent += "/\(part)"
                mkdir(parent, 0o755)
            }
            try directory.write(text, to: path)
        }
        try write("proc/self/mountinfo", "1 0 253:0 / / rw,noatime - xfs /dev/mapper/vg-etcd rw,inode64\n")
        try write("proc/77/comm", "etcd\n")
        try write("proc/77/cmdline", "etcd\0--data-dir=/var/lib/etcd\0")
        try write("proc/pressure/io", "some avg10=0.00 total=9\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=5000000\n")
        try write("sys/dev/block/253:0.target", "")
        try write("sys/class/block/dm-0/dm/uuid", "LVM-abc\n")
        try write("sys/class/block/dm-0/slaves/nvme0n1", "")
        try write("sys/class/block/nvme0n1/size", "2000\n")
        try write("sys/class/block/nvme0n1/queue/rotational", "0\n")
        try write("sys/class/block/nvme0n1/queue/scheduler", "none [mq-deadline] kyber\n")
        try write("sys/class/block/nvme0n1/queue/write_cache", "write through\n")
        try write("sys/class/block/nvme0n1/device/model", "Some NVMe\n")
        try write("sys/class/block/nvme0n1/stat", "1 2 3 4 5 6 2048 8\n")
        #expect(symlink("../../class/block/dm-0", directory.file("sys/dev/block/253:0")) == 0)
        var reader = DiskFactsReader(HostRoot(proc: directory.file("proc"), sys: directory.file("sys")))
        let facts = reader.facts(of: directory.path)
        #expect(facts.filesystem == "xfs")
        #expect(facts.isRootFilesystem)
        #expect(facts.devices.map(\.name) == ["dm-0", "nvme0n1"])
        #expect(facts.devices.map(\.kind) == [.lvm, .disk])
        let disk = try #require(facts.disks.first)
        #expect(disk.scheduler == "mq-deadline")
        #expect(disk.writeCache == "write through")
        #expect(disk.sizeBytes == 1_024_000)
        #expect(disk.model == "Some NVMe")
        #expect(facts.etcdDirectories == ["/var/lib/etcd"])
        var moment = reader.moment(facts)
        #expect(moment.writtenBytes == ["nvme0n1": 2048 * 512])
        #expect(moment.stalledSeconds == 5)
        var later = moment
        later.at = moment.at + .seconds(2)
        later.stalledSeconds = 6
        later.writtenBytes["nvme0n1"] = 4048 * 512
        let pressure = try #require(moment.pressure(until: later))
        #expect(abs(pressure - 0.5) < 0.001)
        let rate = try #require(moment.writtenPerSecond(until: later))
        #expect(abs(rate - 512_000) < 1)
        moment.stalledSeconds = nil
        #expect(moment.pressure(until: later) == nil)
    }
}
