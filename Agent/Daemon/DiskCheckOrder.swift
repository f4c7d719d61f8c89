internal import DiskChecks
internal import JSON
internal import Orders
internal import WALProbe

/// `disk-check`: fio beside a member's WAL, at the aggregator's request. On the WAL's filesystem or not at all, only while
/// the member and its cluster are well, and given up as soon as they are not.
struct DiskCheckOrder: OrderKind {
    let name = AgentConfiguration.Command.diskCheck.rawValue
    /// By member.
    let probes: [String: WALProbe]

    /// How often the member is looked at meanwhile.
    private static let pace = Duration.milliseconds(500)

    func run(
        _ arguments: JSONValue, onProgress: @escaping @Sendable (Double, String) -> Void
    ) async throws -> [UInt8] {
        let (probe, check) = try await prepare(arguments)
        if let obstacle = probe.obstacleOfMember {
            throw OrderFailure("not now: \(obstacle.rawValue)", isRefusal: true)
        }
        probe.setChecking(true)
        defer { probe.setChecking(false) }
        return try await withThrowingTaskGroup(of: DiskCheckResult.self) { group in
            group.addTask {
                try await check.run(syncsSoFar: { probe.walSyncs }) { progress in
                    onProgress(progress.total, "run \(progress.run) of \(progress.runs)")
                }
            }
            group.addTask {
                while true {
                    try await Task.sleep(for: Self.pace)
                    if let obstacle = probe.obstacleOfMember {
                        throw OrderFailure("given up, as the member needs its disk: \(obstacle.rawValue)")
                    }
                }
            }
            defer { group.cancelAll() }
            do {
                guard let result = try await group.next() else { throw CancellationError() }
                return result.json
            } catch let error as DiskCheckError {
                if error.code == .cancelled { throw CancellationError() }
                throw OrderFailure("\(error)")
            }
        }
    }

    private func prepare(_ arguments: JSONValue) async throws -> (WALProbe, DiskCheck) {
        let member = arguments["member"]?.string ?? (probes.count == 1 ? probes.keys.first : nil) ?? ""
        guard let probe = probes[member] else {
            throw OrderFailure(
                "no member \"\(member)\" on this host; there are \(probes.keys.sorted().joined(separator: ", "))",
                isRefusal: true)
        }
        guard let profile = FioProfile(rawValue: arguments["profile"]?.string ?? FioProfile.etcd.rawValue) else {
            throw OrderFailure("this agent does not know that profile", isRefusal: true)
        }
        let runs = arguments["runs"]?.int ?? 3
        let jobs = arguments["jobs"]?.int ?? 1
        guard (1...5).contains(runs), (1...2).contains(jobs) else {
            throw OrderFailure("runs are 1 to 5, jobs 1 or 2", isRefusal: true)
        }
        do {
            let directory = try await probe.directory()
            return (probe, DiskCheck(directory: directory, profile: profile, runs: runs, jobs: jobs))
        } catch let impossibility as ProbeImpossibility {
            throw OrderFailure(impossibility.message, isRefusal: true)
        }
    }
}
