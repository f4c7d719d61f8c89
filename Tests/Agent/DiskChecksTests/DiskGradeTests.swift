import Testing

@testable import DiskChecks

@Suite struct DiskGradeTests {
    static func latencies(p99: Double, p999: Double? = nil, maximum: Double = 0) -> FsyncLatencies {
        FsyncLatencies(count: 1000, p50: p99 / 2, p90: p99 * 0.8, p99: p99, p999: p999 ?? p99, maximum: maximum)
    }

    @Test(arguments: [
        (0.0019, 0.0019, DiskGrade.fast), (0.0019, 0.0100, .ready), (0.0020, 0.0020, .ready), (0.0099, 0.0999, .ready),
        (0.0100, 0.0100, .marginal), (0.0199, 0.0199, .marginal), (0.0200, 0.0200, .notReady),
        (0.0010, 0.1000, .marginal), (0.5, 0.5, .notReady),
    ]) func aWALIsGradedByItsTail(p99: Double, p999: Double, grade: DiskGrade) {
        #expect(DiskGrade(Self.latencies(p99: p99, p999: p999), limit: 0.010) == grade)
    }

    @Test func gradesAreInOrder() {
        #expect(DiskGrade.allCases == DiskGrade.allCases.sorted())
        #expect(DiskGrade.notReady.words == "not ready")
    }

    /// A disk as it should be: nothing to advise.
    static let good: DiskFacts = {
        var facts = DiskFacts(directory: "/var/lib/etcd")
        facts.mountPoint = "/var/lib/etcd"
        facts.filesystem = "ext4"
        facts.mountOptions = "rw,noatime"
        facts.filesystemOptions = "rw"
        facts.sizeBytes = 100e9
        facts.freeBytes = 50e9
        var disk = DiskFacts.Device(name: "nvme0n1", kind: .disk)
        disk.isRotational = false
        disk.scheduler = "none"
        disk.writeCache = "write back"
        facts.devices = [disk]
        return facts
    }()

    private func codes(
        slow: Bool, runs: [FsyncLatencies] = [], _ change: (inout DiskFacts) -> Void = { _ in }
    ) -> [DiskAdvice.Code] {
        var facts = Self.good
        change(&facts)
        return DiskAdvice.all(facts, grade: slow ? .notReady : .ready, runs: runs, limit: 0.010).map(\.code)
    }

    @Test func aGoodDiskNeedsNoAdvice() {
        #expect(codes(slow: false) == [])
    }

    typealias Change = @Sendable (inout DiskFacts) -> Void
    static let always: [(DiskAdvice.Code, Change)] = [
        (.notADisk, { $0.filesystem = "tmpfs" }),
        (.networkFilesystem, { $0.filesystem = "nfs4" }),
        (.networkFilesystem, { $0.filesystem = "fuse.sshfs" }),
        (.overlay, { $0.filesystem = "overlay" }),
        (.loopDevice, { $0.devices = [Self.device("loop0", .loop) { $0.backingFile = "/disk.img" }] }),
        (.noBarriers, { $0.filesystemOptions = "rw,nobarrier" }),
        (.synchronousMount, { $0.mountOptions = "rw,sync" }),
        (.dataJournal, { $0.filesystemOptions = "rw,data=journal" }),
        (.parityRAID, { $0.devices += [Self.device("md0", .raid) { $0.raidLevel = "raid5" }] }),
        (.neighbour, { $0.neighbourBytesPerSecond = 6e6 }),
        (.neighbour, { $0.pressureBefore = 0.2 }),
        (.liveEtcd, { $0.etcdDirectories = ["/var/lib/etcd/default"] }),
        (.lowSpace, { $0.freeBytes = 9e9 }),
        (.failing, { $0.devices[0].health = Self.health { $0.isPassed = false } }),
        (.worn, { $0.devices[0].health = Self.health { $0.wearPercent = 80 } }),
    ]

    @Test(arguments: always) func someFactsAreToldHoweverFast(code: DiskAdvice.Code, change: Change) {
        #expect(codes(slow: false, change) == [code])
    }

    static let whenSlow: [(DiskAdvice.Code, Change)] = [
        (.rotational, { $0.devices[0].isRotational = true }),
        (.scheduler, { $0.devices[0].isRotational = true }),
        (.scheduler, { $0.devices[0].scheduler = "bfq" }),
        (.volatileCache, { _ in }),
        (.cloudVolume, { $0.devices[0].model = "Amazon Elastic Block Store" }),
        (.ownDevice, { $0.mountPoint = "/" }),
    ]

    @Test(arguments: whenSlow) func someExplainASlowDisk(code: DiskAdvice.Code, change: Change) {
        #expect(codes(slow: true, change).contains(code))
        #expect(!codes(slow: false, change).contains(code), "of a fast disk nobody asks why")
    }

    @Test func burstCreditShowsFromRunToRun() {
        let runs = [0.002, 0.004, 0.0081].map { Self.latencies(p99: $0) }
        #expect(codes(slow: false, runs: runs) == [.slowingDown])
        #expect(codes(slow: false, runs: runs.reversed()) == [])
        #expect(codes(slow: false, runs: [0.0002, 0.0002, 0.0008].map { Self.latencies(p99: $0) }) == [])
    }

    @Test func aSingleLongSyncIsTold() {
        #expect(codes(slow: false, runs: [Self.latencies(p99: 0.002, maximum: 0.6)]) == [.longTail])
    }

    private static func device(
        _ name: String, _ kind: DiskFacts.Device.Kind, _ change: (inout DiskFacts.Device) -> Void
    ) -> DiskFacts.Device {
        var device = DiskFacts.Device(name: name, kind: kind)
        change(&device)
        return device
    }

    private static func health(_ change: (inout DeviceHealth) -> Void) -> DeviceHealth {
        var health = DeviceHealth()
        change(&health)
        return health
    }
}
