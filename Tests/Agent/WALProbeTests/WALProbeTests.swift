import Glibc
import Logging
import TestSupport
import Testing

@testable import WALProbe

/// The probe as it runs, on the disk of this machine.
@Suite(.timeLimit(.minutes(1))) struct WALProbeTests {
    private func probe(_ scene: ProbeScene, interval: Duration = .milliseconds(2)) -> WALProbe {
        var options = ProbeOptions()
        options.interval = interval
        options.dailyLimitBytes = .max
        return WALProbe(
            member: scene.member, directory: nil, ownDirectory: scene.own, options: options, root: scene.root,
            logger: Logger(label: "test"))
    }

    /// Runs `probe`, and tells it `vitals` until `isReached` is.
    private func run(
        _ probe: WALProbe, _ vitals: MemberVitals, until isReached: @escaping @Sendable (ProbeReport) -> Bool
    ) async throws -> ProbeReport {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await probe.run() }
            while !isReached(probe.report) {
                probe.note(vitals)
                try await Task.sleep(for: .milliseconds(1))
            }
            group.cancelAll()
        }
        return probe.report
    }

    @Test func aMemberThatIsWellIsMeasuredInBothSizes() async throws {
        let scene = try ProbeScene()
        let probe = probe(scene)
        // One of each: on a disk that takes 100 ms for a record the probe rests for half a minute after it.
        let report = try await run(probe, ProbeGateTests.well) { $0.latencies.allSatisfy { $0.count >= 1 } }
        #expect(report.state == .running)
        #expect(report.directory == scene.own)
        for latencies in report.latencies {
            #expect(latencies.buckets.reduce(0, +) == latencies.count)
            #expect(latencies.sumSeconds > 0)
            #expect(latencies.quantiles?.count == ProbeReport.quantiles.count)
        }
        #expect(report.writtenBytes >= 2 * 4096)
    }

    @Test func oneInTroubleIsLeftAloneAndTheReasonIsTold() async throws {
        let scene = try ProbeScene()
        var vitals = ProbeGateTests.well
        vitals.isDefragmenting = true
        let report = try await run(probe(scene), vitals) { $0.state == .resting && $0.reason == "defragment" }
        #expect(report.latencies.allSatisfy { $0.count == 0 })
        #expect(report.rests[.defragment] == 1)
        #expect(access(scene.own + "/wal-probe", F_OK) != 0, "nothing was written")
    }

    @Test func pressureOfTheHostStopsIt() async throws {
        let scene = try ProbeScene()
        try scene.directory.write(
            "some avg10=60.00 avg60=1.00 avg300=0.10 total=1\nfull avg10=55.25 avg60=1.00 avg300=0.10 total=1\n",
            to: "proc/pressure/io")
        let report = try await run(probe(scene), ProbeGateTests.well) { $0.reason == "io_pressure" }
        #expect(report.latencies.allSatisfy { $0.count == 0 })
    }

    @Test func withoutAPlaceItSaysSo() async throws {
        let scene = try ProbeScene()
        try scene.addMountOfEtcd("99 1 250:7 / \(scene.directory.path)/data rw - xfs /dev/vdz1 rw")
        let report = try await run(probe(scene), ProbeGateTests.well) { $0.state == .impossible }
        #expect(report.reason == "other_filesystem")
        #expect(report.message.contains("/dev/vdz1"))
    }
}
