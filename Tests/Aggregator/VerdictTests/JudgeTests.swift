import Testing

@testable import Verdict

/// One test a fault, and one for each trap in which a hasty judge blames the wrong one.
@Suite struct JudgeTests {
    private func expect(
        _ culprit: Culprit, _ members: [String], atLeast confidence: Confidence = .medium, of scene: FaultScene,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let verdict = try #require(scene.verdict, sourceLocation: sourceLocation)
        #expect(verdict.culprit == culprit, "\(verdict)", sourceLocation: sourceLocation)
        #expect(verdict.members == members, "\(verdict)", sourceLocation: sourceLocation)
        #expect(verdict.confidence >= confidence, "\(verdict)", sourceLocation: sourceLocation)
        #expect(!verdict.symptoms.isEmpty && !verdict.evidence.isEmpty, sourceLocation: sourceLocation)
    }

    @Test func aQuietClusterGetsNoVerdict() {
        #expect(FaultScene().verdict == nil)
    }

    @Test(arguments: [1, 2, 3]) func aSlowDiskIsTheDisk(number: Int) throws {
        var scene = FaultScene()
        scene.slowDisk(number, 0.06)
        try expect(.disk, ["m\(number)"], atLeast: .high, of: scene)
        let verdict = try #require(scene.verdict)
        #expect(verdict.sentence.contains("60 ms (usually 3 ms, its peers 3 ms)"), "\(verdict.sentence)")
    }

    @Test func aSlowDiskUnderTheLeaderIsNotTheNetwork() throws {
        var scene = FaultScene()
        scene.slowDisk(1, 0.2)
        scene.set(.missedHeartbeats, 1, 4)
        scene.setAll(.leaderChanges, 1)
        scene.delay(2, 1, 0.06)
        scene.delay(3, 1, 0.06)
        try expect(.disk, ["m1"], of: scene)
    }

    @Test func oneDiskForAllIsTheDiskOfAll() throws {
        var scene = FaultScene()
        for number in 1...3 { scene.slowDisk(number, 0.04) }
        try expect(.disk, ["m1", "m2", "m3"], of: scene)
    }

    @Test func aThrottledEtcdIsNotItsDisk() throws {
        var scene = FaultScene()
        // etcd measures its syncs from outside the kernel: waiting for a CPU looks like a slow disk to it.
        scene.set(.walFsyncMean, 2, 0.05)
        scene.set(.walFsyncSlowShare, 2, 0.4)
        scene.set(.commitMean, 2, 0.08)
        scene.set(.commitSlowShare, 2, 0.4)
        scene.set(.runDelay, 2, 2.1)
        scene.set(.throttled, 2, 0.7)
        scene.set(.serializableRead, 2, 0.15)
        try expect(.cpu, ["m2"], atLeast: .high, of: scene)
        #expect(scene.verdict?.alternatives.contains { $0.culprit == .disk } == false)
    }

    @Test func aStarvedLeaderIsNotTheNetwork() throws {
        var scene = FaultScene()
        scene.set(.runDelay, 1, 1.5)
        scene.set(.throttled, 1, 0.6)
        scene.set(.missedHeartbeats, 1, 7)
        for other in 2...3 {
            scene.delay(other, 1, 0.12)
            scene.delay(1, other, 0.12)
        }
        try expect(.cpu, ["m1"], of: scene)
    }

    @Test func aStoppedProcessIsNamed() throws {
        var scene = FaultScene()
        scene.set(.stopped, 3, 0.3)
        scene.set(.readFailures, 3, 4)
        scene.set(.walFsyncMean, 3, 0.02)
        scene.set(.walFsyncSlowShare, 3, 0.1)
        try expect(.cpu, ["m3"], of: scene)
    }

    @Test func slowLinksToOneMemberAreItsNetwork() throws {
        var scene = FaultScene()
        scene.delay(1, 3, 0.12)
        scene.delay(2, 3, 0.12)
        try expect(.network, ["m3"], atLeast: .high, of: scene)
    }

    @Test func readsThatWaitForPeersAreTheNetworkBeforeEtcdNotesARoundTrip() throws {
        var scene = FaultScene()
        scene.set(.linearizableRead, 3, 0.31)
        for from in 1...2 { scene.fail(from, 3, 2) }
        try expect(.network, ["m3"], of: scene)
    }

    @Test func largeRangesAreLoadEvenIfTheyUseUpTheCPU() throws {
        var scene = FaultScene()
        scene.set(.sentBytes, 2, 120e6)
        scene.set(.etcdCPU, 2, 1.3)
        scene.set(.slowApplies, 2, 30)
        scene.set(.serializableRead, 2, 0.2)
        scene.set(.linearizableRead, 2, 0.3)
        scene.setAll(.runDelay, 0.5)
        scene.setAll(.hostCPU, 0.98)
        try expect(.load, ["m2"], of: scene)
    }

    @Test func aFullDatabaseIsConfiguration() throws {
        var scene = FaultScene()
        scene.setAll(.quotaShare, 1.01)
        for at in 0..<3 { scene.scene.members[at].alarms = ["NOSPACE"] }
        try expect(.configuration, ["m1", "m2", "m3"], of: scene)
    }

    @Test func anotherTimingThanItsPeersIsConfiguration() throws {
        var scene = FaultScene()
        scene.scene.members[1].flags["election-timeout"] = "150"
        scene.scene.members[1].flags["heartbeat-interval"] = "15"
        scene.setAll(.leaderChanges, 5)
        try expect(.configuration, ["m2"], of: scene)
    }

    @Test func aMemberThatIsDownIsThePeer() throws {
        var scene = FaultScene()
        scene.scene.members[0].downReason = "refused: connection refused"
        scene.scene.members[0].isLeader = false
        scene.setAll(.leaderChanges, 1)
        try expect(.peer, ["m1"], of: scene)
    }

    @Test func aRestartedLeaderExplainsTheElection() throws {
        var scene = FaultScene()
        scene.set(.restarts, 1, 1)
        scene.setAll(.leaderChanges, 1)
        try expect(.peer, ["m1"], of: scene)
    }

    @Test func anElectionWithoutAReasonIsNobodysFault() throws {
        var scene = FaultScene()
        scene.setAll(.leaderChanges, 1)
        let verdict = try #require(scene.verdict)
        #expect(verdict.culprit == .notSure && verdict.members.isEmpty)
        #expect(verdict.sentence.contains("the leader changed once"))
    }

    @Test func aStepOfAnAgentsClockIsNotBlamed() {
        var scene = FaultScene()
        scene.set(.clockSteps, 2, 3)
        #expect(scene.verdict == nil)
    }
}
