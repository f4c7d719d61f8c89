// Times the disk under a member's WAL while etcd runs: a record every few seconds, written and synced as etcd writes
// its own, on the same filesystem or not at all. Stops itself as soon as the member or the disk is in trouble, and says
// why. Leaves what is known of the member to its caller, and the fio jobs and the grade to DiskChecks.

internal import AsyncSupport
public import HostCollectors
public import Logging
internal import Model
internal import Synchronization

/// The probe of one member's WAL.
public final class WALProbe: Sendable {
    private struct Shared {
        var gate: ProbeGate
        var tally: ProbeTally
        var beganAt: ContinuousClock.Instant?
    }

    private let member: String
    private let options: ProbeOptions
    private let worker: ProbeWorker
    private let shared: Mutex<Shared>
    private let logger: Logger
    private let clock: WallClock

    /// Between two attempts to find a place.
    private static let searchPause = Duration.seconds(60)

    /// A probe of `member`'s WAL.
    /// - Parameters:
    ///   - directory: where to write; nil for `ownDirectory`, or `.etcd-monitor-probe` at the WAL's mount point,
    ///     whichever is on the WAL's filesystem.
    ///   - ownDirectory: made if missing.
    public init(
        member: WatchedMember, directory: String?, ownDirectory: String, options: ProbeOptions,
        root: HostRoot = .system, logger: Logger
    ) {
        self.member = member.name
        self.options = options
        self.logger = logger
        clock = .system
        worker = ProbeWorker(
            finder: ProbePlaceFinder(
                root: root, member: member, configured: directory, ownDirectory: ownDirectory))
        shared = Mutex(
            Shared(gate: ProbeGate(pressureLimit: options.pressureLimit), tally: ProbeTally(options: options)))
    }

    /// Notes what is known of the member: what forbids a record holds from the next one on.
    public func note(_ vitals: MemberVitals) {
        shared.withLock { $0.gate.note(vitals, at: .now) }
    }

    /// A check of the same disk begins or ends: meanwhile the probe rests.
    public func setChecking(_ isChecking: Bool) {
        shared.withLock { $0.gate.isChecking = isChecking }
    }

    /// Why the member is not to be disturbed now, not even by a check that someone asks for; nil if all is well.
    public var obstacleOfMember: ProbeObstacle? { shared.withLock { $0.gate.obstacleOfMember(at: .now) } }

    /// How often etcd has synced its WAL, as last read.
    public var walSyncs: Double? { shared.withLock { $0.gate.vitals.walSyncs } }

    /// A directory of the agent's on the filesystem of the WAL, whether the probe runs or not.
    ///
    /// - Throws: `ProbeImpossibility`, which says what to do.
    public func directory() async throws -> String {
        try await onWorker { try await $0.findPlace() }.directory
    }

    /// How it does.
    public var report: ProbeReport {
        shared.withLock { shared in
            var report = shared.tally.report
            report.pendingSeconds = shared.beganAt.map { (.now - $0).fractionalSeconds } ?? 0
            return report
        }
    }

    /// Probes until the task is cancelled.
    public func run() async throws {
        var budget = ByteBudget(limit: options.dailyLimitBytes)
        var size = 0
        note(.starting, "")
        while true {
            do {
                try await pause(options.pace * Double.random(in: 0.5...1.5))
                // A member that is down has no process to find a place by: that is rest, and no fault of the place.
                if let obstacle = obstacleOfMember {
                    note(.resting, obstacle.rawValue)
                    continue
                }
                let place = try await onWorker { try await $0.findPlace() }
                shared.withLock { $0.tally.note(directory: place.directory) }
                guard try await mayWrite() else { continue }
                let bytes = ProbeOptions.recordSizes[size]
                let offset = try await onWorker { await $0.offset(for: bytes) }
                guard let cost = budget.take(bytes, at: offset, now: clock.now) else {
                    note(.resting, ProbeObstacle.dailyLimit.rawValue)
                    continue
                }
                try await write(size, cost)
                size = (size + 1) % ProbeOptions.recordSizes.count
            } catch let impossibility as ProbeImpossibility {
                note(.impossible, impossibility.code.rawValue, impossibility.message)
                try await pause(Self.searchPause)
            } catch is CancellationError {
                // Removes its file, if the disk lets it: nobody waits for that.
                Task { [worker] in await worker.close() }
                throw CancellationError()
            }
        }
    }

    private func mayWrite() async throws -> Bool {
        let reading = try await onWorker { await $0.hostReading() }
        let obstacle = shared.withLock { shared in
            shared.gate.note(reading, at: .now)
            return shared.gate.obstacle(at: .now)
        }
        guard let obstacle else { return true }
        note(.resting, obstacle.rawValue)
        return false
    }

    private func write(_ size: Int, _ cost: Int) async throws {
        let bytes = ProbeOptions.recordSizes[size]
        note(.running, "")
        shared.withLock { $0.beganAt = .now }
        defer { shared.withLock { $0.beganAt = nil } }
        let times = try await onWorker { try await $0.append(bytes) }
        shared.withLock { shared in
            let now = ContinuousClock.now
            shared.gate.note(recordSeconds: (times.write + times.sync).fractionalSeconds, at: now)
            shared.tally.note(
                size: size, write: times.write.fractionalSeconds, sync: times.sync.fractionalSeconds, bytes: cost,
                at: now)
        }
    }

    /// Says once what it does now.
    private func note(_ state: ProbeReport.State, _ reason: String, _ message: String = "") {
        guard shared.withLock({ $0.tally.note(state, reason: reason, message: message) }) else { return }
        let facts: Logger.Metadata = ["member": "\(member)", "reason": "\(message.isEmpty ? reason : message)"]
        switch state {
        case .off, .starting: break
        case .running: logger.info("the WAL's disk is probed", metadata: ["member": "\(member)"])
        case .resting: logger.info("the probe of the WAL's disk rests", metadata: facts)
        case .impossible: logger.warning("the WAL's disk cannot be probed", metadata: facts)
        }
    }

    private func pause(_ duration: Duration) async throws { try await Task.sleep(for: duration) }

    /// Runs `body` on the worker. A disk that hangs holds the worker's thread, not who is cancelled meanwhile.
    private func onWorker<Value: Sendable>(
        _ body: @escaping @Sendable (ProbeWorker) async throws -> Value
    ) async throws -> Value {
        let done = Signal()
        let slot = ResultSlot<Value>()
        Task { [worker] in
            do {
                let value = try await body(worker)
                slot.result.withLock { $0 = .success(value) }
            } catch {
                slot.result.withLock { $0 = .failure(error) }
            }
            done.send()
        }
        try await done.wait()
        guard let outcome = slot.result.withLock({ $0 }) else { throw CancellationError() }
        return try outcome.get()
    }
}

/// Where a task leaves what it found for who may have stopped waiting.
private final class ResultSlot<Value: Sendable>: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
}
