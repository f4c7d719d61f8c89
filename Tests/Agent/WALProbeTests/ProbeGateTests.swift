import Testing

@testable import WALProbe

@Suite struct ProbeGateTests {
    static let start = ContinuousClock.now

    /// A gate that has just heard of a member that is well.
    private func gate() -> (ProbeGate, MemberVitals) {
        var gate = ProbeGate(pressureLimit: 20)
        gate.note(Self.well, at: Self.start)
        return (gate, Self.well)
    }

    static let well: MemberVitals = {
        var vitals = MemberVitals()
        vitals.isReachable = true
        vitals.hasLeader = true
        vitals.term = 2
        vitals.voters = 3
        vitals.activePeers = 2
        vitals.heartbeatFailures = 7
        vitals.slowApplies = 1
        vitals.leaderChanges = 1
        return vitals
    }()

    @Test func aMemberThatIsWellIsProbed() {
        #expect(gate().0.obstacle(at: Self.start) == nil)
    }

    @Test func ofWhomNothingIsKnownIsNot() {
        #expect(ProbeGate(pressureLimit: 20).obstacle(at: Self.start) == .memberUnreachable)
        #expect(gate().0.obstacle(at: Self.start + .seconds(16)) == .memberUnreachable, "what was known is old")
    }

    typealias Trouble = @Sendable (inout MemberVitals) -> Void
    static let troubles: [(ProbeObstacle, Trouble)] = [
        (ProbeObstacle.memberUnreachable, { $0.isReachable = false }),
        (.noLeader, { $0.hasLeader = false }),
        (.learner, { $0.isLearner = true }),
        (.missedHeartbeats, { $0.heartbeatFailures = 8 }),
        (.slowApply, { $0.slowApplies = 2 }),
        (.leaderChange, { $0.leaderChanges = 2 }),
        (.leaderChange, { $0.term = 3 }),
        (.defragment, { $0.isDefragmenting = true }),
        (.snapshot, { $0.isSnapshotting = true }),
        (.degradedQuorum, { $0.activePeers = 1 }),
    ]

    @Test(arguments: troubles) func eachTroubleStopsItAtOnce(
        obstacle: ProbeObstacle, trouble: Trouble
    ) {
        var (gate, vitals) = gate()
        trouble(&vitals)
        gate.note(vitals, at: Self.start + .seconds(1))
        #expect(gate.obstacle(at: Self.start + .seconds(1)) == obstacle)
    }

    @Test func whatHasHappenedIsRememberedForAMinute() {
        var (gate, vitals) = gate()
        vitals.slowApplies = 2
        gate.note(vitals, at: Self.start + .seconds(1))
        for second in [20, 40, 60] { gate.note(vitals, at: Self.start + .seconds(second)) }
        #expect(gate.obstacle(at: Self.start + .seconds(60)) == .slowApply)
        #expect(gate.obstacle(at: Self.start + .seconds(62)) == nil)
    }

    /// Status is asked five times as often as metrics are read: what it does not say has not changed.
    @Test func aCounterThatWasNotReadIsComparedLater() {
        var (gate, vitals) = gate()
        vitals.heartbeatFailures = nil
        gate.note(vitals, at: Self.start + .seconds(1))
        #expect(gate.obstacle(at: Self.start + .seconds(1)) == nil)
        vitals.heartbeatFailures = 8
        gate.note(vitals, at: Self.start + .seconds(5))
        #expect(gate.obstacle(at: Self.start + .seconds(5)) == .missedHeartbeats)
    }

    @Test func aSingleMemberAndOneOfFiveLostAreNoDegradedQuorum() {
        for (voters, peers) in [(1, 0), (5, 3)] {
            var (gate, vitals) = gate()
            vitals.voters = voters
            vitals.activePeers = peers
            gate.note(vitals, at: Self.start)
            #expect(gate.obstacle(at: Self.start) == nil)
        }
    }

    @Test func pressureAndLittleSpaceAreWaitedOut() {
        for (reading, obstacle) in [
            (ProbeGate.HostReading(pressure: 20.5), ProbeObstacle.ioPressure),
            (ProbeGate.HostReading(freeBytes: 9e9, sizeBytes: 100e9), .lowSpace),
            (ProbeGate.HostReading(freeBytes: 5e8, sizeBytes: 1e9), .lowSpace),
        ] {
            var (gate, _) = gate()
            gate.note(reading, at: Self.start)
            #expect(gate.obstacle(at: Self.start + .seconds(9)) == obstacle)
            #expect(gate.obstacle(at: Self.start + .seconds(10)) == nil)
        }
        var (gate, _) = gate()
        gate.note(ProbeGate.HostReading(pressure: 20, freeBytes: 11e9, sizeBytes: 100e9), at: Self.start)
        gate.note(ProbeGate.HostReading(), at: Self.start)
        #expect(gate.obstacle(at: Self.start) == nil)
    }

    @Test func aSlowRecordIsFollowedByARest() {
        var (gate, vitals) = gate()
        gate.note(recordSeconds: 0.1, at: Self.start)
        #expect(gate.obstacle(at: Self.start) == nil)
        gate.note(recordSeconds: 0.11, at: Self.start)
        #expect(gate.obstacle(at: Self.start + .seconds(1)) == .ownLatency)
        gate.note(vitals, at: Self.start + .seconds(30))
        #expect(gate.obstacle(at: Self.start + .seconds(30)) == nil)
    }
}
