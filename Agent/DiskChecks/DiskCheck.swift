// Whether a disk is good enough for etcd: runs fio's jobs in a directory, reads what the disk is, and grades it. Bounded
// in size and time, cancelled within two seconds, and clean afterwards. Leaves to its caller whether a check may run
// now, and the continuous probe to WALProbe.

internal import AsyncSupport
internal import Glibc
public import HostCollectors
public import Model
internal import Synchronization

/// One check of one directory.
public struct DiskCheck: Sendable {
    /// How far it is.
    public struct Progress: Hashable, Sendable {
        /// From 1.
        public var run: Int
        public var runs: Int
        /// Of this run: 0…1.
        public var share: Double

        /// Of the whole check: 0…1.
        public var total: Double { (Double(run - 1) + share) / Double(runs) }
    }

    /// Where files are written: beside or above the WAL, on its filesystem.
    public var directory: String
    public var profile: FioProfile
    /// The median of so many counts; odd.
    public var runs: Int
    /// At once; the worst counts. 2 where other machines or members share the disk.
    public var jobs: Int
    private let root: HostRoot
    private let clock: WallClock
    private let fio: String?

    /// A check of `directory`.
    /// - Parameter fio: the program; nil to look for it on the usual path.
    public init(
        directory: String, profile: FioProfile = .etcd, runs: Int = 3, jobs: Int = 1, root: HostRoot = .system,
        clock: WallClock = .system, fio: String? = nil
    ) {
        self.directory = directory
        self.profile = profile
        self.runs = max(1, runs)
        self.jobs = max(1, jobs)
        self.root = root
        self.clock = clock
        self.fio = fio
    }

    /// How long it takes at most.
    public var longest: Duration { profile.deadline * runs + .seconds(10) }

    /// Runs it.
    ///
    /// - Parameters:
    ///   - syncsSoFar: etcd's count of syncs of its WAL, if one runs there and is known.
    ///   - onProgress: called about once a second.
    public func run(
        syncsSoFar: @Sendable () -> Double? = { nil },
        onProgress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) async throws -> DiskCheckResult {
        guard let program = fio ?? ToolProcess.find("fio") else {
            throw DiskCheckError(
                .fioMissing, "fio is not installed", remedy: "install it: apt-get install fio, or dnf install fio")
        }
        let place = try CheckDirectory.make(in: directory, bytes: profile.sizeBytes * jobs)
        defer { CheckDirectory.remove(place) }
        let command = [program] + profile.arguments(directory: place, jobs: jobs)
        var reader = DiskFactsReader(root)
        var facts = reader.facts(of: directory)
        for index in facts.devices.indices where facts.devices[index].kind == .disk {
            facts.devices[index].health = await DeviceHealth.read(facts.devices[index].name)
        }
        let began = clock.now
        let first = reader.moment(facts)
        try await sleep(.seconds(1))
        let second = reader.moment(facts)
        facts.pressureBefore = first.pressure(until: second)
        facts.neighbourBytesPerSecond = first.writtenPerSecond(until: second)
        let syncsBefore = syncsSoFar()
        var reports: [FioReport] = []
        for run in 1...runs {
            onProgress(Progress(run: run, runs: runs, share: 0))
            reports.append(
                try await measure(command) { [runs] share in onProgress(Progress(run: run, runs: runs, share: share)) })
        }
        let last = reader.moment(facts)
        facts.pressureDuring = second.pressure(until: last)
        if let syncsBefore, let syncs = syncsSoFar() {
            facts.etcdSyncsPerSecond = max(0, syncs - syncsBefore) / ((last.at - second.at) / .seconds(1))
        }
        return DiskCheckResult(
            profile: profile, jobs: jobs, began: began, duration: last.at - first.at,
            runs: reports.map { ($0.latencies, $0.syncsPerSecond) }, facts: facts,
            command: ["fio"] + profile.arguments(directory: directory, jobs: jobs))
    }

    private func sleep(_ duration: Duration) async throws {
        do {
            try await Task.sleep(for: duration)
        } catch {
            throw DiskCheckError.cancelled
        }
    }

    /// One run of fio.
    private func measure(
        _ command: [String], onProgress: @escaping @Sendable (Double) -> Void
    ) async throws -> FioReport {
        let written = WrittenBytes()
        let deadline = profile.deadline
        let profile = profile
        let jobs = jobs
        let result: ToolProcess.Result
        do {
            result = try await withThrowingTaskGroup(of: ToolProcess.Result?.self) { group in
                group.addTask {
                    try await ToolProcess.run(command, limit: deadline, onStart: { written.watch($0) })
                }
                group.addTask {
                    let start = ContinuousClock.now
                    while true {
                        try await Task.sleep(for: .milliseconds(500))
                        let timed = (ContinuousClock.now - start) / profile.runtime
                        let sized = Double(written.bytes) / Double(profile.sizeBytes * jobs)
                        onProgress(min(1, profile.isTimed ? timed : max(timed, sized)))
                    }
                }
                defer { group.cancelAll() }
                while let next = try await group.next() { if let next { return next } }
                throw CancellationError()
            }
        } catch is CancellationError {
            throw DiskCheckError.cancelled
        } catch let failure as ToolProcess.StartFailure {
            throw DiskCheckError(
                failure.errno == ENOENT ? .fioMissing : .fioFailed,
                "\(command[0]): \(String(cString: strerror(failure.errno)))",
                remedy: failure.errno == ETIMEDOUT
                    ? "the disk hangs: see the kernel's log (journalctl -k)" : "reinstall fio")
        }
        let words = String(decoding: result.errors, as: UTF8.self)
        if result.status != 0, !result.timedOut { throw failure(result, words) }
        return try FioReport(result.output)
    }

    /// fio's own number of the failure if its report has one, else its words.
    private func failure(_ result: ToolProcess.Result, _ words: String) -> DiskCheckError {
        do throws(DiskCheckError) {
            _ = try FioReport(result.output)
        } catch {
            if error.code != .fioFailed || words.isEmpty { return error }
        }
        return FioFailure.error(errno: Self.errno(in: words), words: words)
    }

    /// `err=28` of fio's own words.
    private static func errno(in words: String) -> Int32 {
        guard let range = words.firstRange(of: "err=") else { return 0 }
        return Int32(words[range.upperBound...].prefix { $0.isNumber }) ?? 0
    }
}

/// What fio has written so far, by /proc/PID/io.
private final class WrittenBytes: Sendable {
    private let pid = Mutex<pid_t>(0)

    func watch(_ process: pid_t) { pid.withLock { $0 = process } }

    var bytes: Int {
        var reader = FileReader()
        let process = pid.withLock { $0 }
        // It may have ended, or not be ours to look at: then time alone tells how far it is.
        guard process > 0, var text = try? reader.read("/proc/\(process)/io") else { return 0 }
        while !text.isAtEnd {
            if text.word() == "wchar:", let count = text.unsigned() { return Int(clamping: count) }
            text.nextLine()
        }
        return 0
    }
}
