import AgentProtocol
import Model
import Testing

@testable import Fleet
@testable import FleetHealth

/// A cluster of three members and their agents, changed by each test.
private struct Scene {
    static let now = Timestamp(milliseconds: 1_790_000_000_000)
    var states: [Int: MemberState] = [:]
    var ages: [Int: Double] = [1: 1, 2: 1, 3: 1]
    var facts = SeriesFacts()
    var maintenanceUntil: Timestamp?

    init() {
        let members = (1...3).map { number in
            MemberState.Member(
                id: EtcdID(UInt64(number)), name: "etcd-\(number)", peerURLs: [], clientURLs: [], isLearner: false)
        }
        for number in 1...3 {
            states[number] = MemberState(
                isReachable: true, clusterID: EtcdID(99), memberID: EtcdID(UInt64(number)), leader: EtcdID(2), term: 4,
                version: "3.5.1", members: members)
        }
    }

    static func agent(_ number: Int, age: Double) -> AgentRecord {
        var contact = AgentContact()
        contact.lastSeen = now - .milliseconds(Int64(age * 1000))
        let id = AgentID(bytes: [UInt8](repeating: UInt8(number), count: 16)) ?? { preconditionFailure("16 bytes") }()
        return AgentRecord(
            number: Int32(number), id: id, clusterNumber: 1, cluster: "prod", node: "n\(number)", publicKey: [],
            version: "1.0", enrolledAt: now, revokedAt: nil, contact: contact)
    }

    mutating func down(_ number: Int, _ reason: String = "connection refused") {
        states[number]?.isReachable = false
        states[number]?.reason = reason
    }

    mutating func fact(_ field: WritableKeyPath<SeriesFacts.MemberFacts, Double?>, _ number: Int, _ value: Double) {
        facts.set(field, ["cluster": "prod", "instance": "n\(number):2379"], value)
    }

    var detail: ClusterDetail {
        var observation = ClusterObservation(name: "prod")
        let agents = states.keys.sorted().map { Self.agent($0, age: ages[$0] ?? 0) }
        for (number, state) in states.sorted(by: { $0.key < $1.key }) {
            let agent = Self.agent(number, age: 0)
            _ = observation.apply(
                MemberOpinion(
                    key: MemberOpinion.Key(agent: agent.id, source: "m"), cluster: "prod", node: agent.node,
                    instance: "\(agent.node):2379", observedAt: Self.now - .seconds(60), receivedAt: Self.now,
                    state: state))
        }
        let cluster = FleetSnapshot.Cluster(
            number: 1, name: "prod", maintenanceUntil: maintenanceUntil, observation: observation, agents: agents)
        return ClusterAssessment(
            cluster, facts: facts, limits: HealthLimits(),
            patience: Patience(silentAfter: .seconds(15), listeningSince: Self.now - .seconds(3600)), now: Self.now
        ).detail
    }
}

@Suite struct AssessmentTests {
    @Test func aClusterThatIsWellSaysWhatItCanLose() {
        let detail = Scene().detail
        #expect(detail.summary.status == .healthy)
        #expect(detail.summary.cause == "All 3 members answer. Can lose 1 more member.")
        #expect(detail.summary.leader?.member == "etcd-2")
        #expect(detail.members.map(\.role) == [.follower, .leader, .follower])
        #expect(detail.summary.versions == ["3.5.1"])
    }

    @Test func howFarAMemberIsBehindIsJudgedByWhatWasCommittedWhenItWasScraped() {
        var scene = Scene()
        for (number, index, second) in [(1, 4_000.0, 100.0), (2, 9_000.0, 101.0), (3, 14_000.0, 104.0)] {
            scene.fact(\.committedIndex, number, index)
            scene.fact(\.appliedIndex, number, index)
            scene.fact(\.indexSampledAt, number, second)
        }
        #expect(scene.detail.members.map(\.indexLag) == ["0", "0", "0"])
        scene.fact(\.appliedIndex, 3, 1_000)
        #expect(scene.detail.members.map(\.indexLag) == ["0", "0", "13000"])
    }

    @Test func aVerdictExplainsWhatIsDegradedAndNothingElse() {
        var well = Scene().detail.summary
        well.explain("etcd-1 was started again.")
        #expect(well.status == .healthy && well.cause == "All 3 members answer. Can lose 1 more member.")

        var slow = Scene()
        slow.fact(\.walShareOver16ms, 2, 0.142)
        slow.fact(\.walP99Seconds, 2, 0.031)
        var degraded = slow.detail.summary
        degraded.explain("The disk under etcd-2 is too slow.")
        #expect(degraded.status == .degraded && degraded.cause == "The disk under etcd-2 is too slow.")

        var down = Scene()
        down.down(3)
        var short = down.detail.summary
        short.explain("The disk under etcd-2 is too slow.")
        #expect(short.cause.hasPrefix("etcd-3 is down"), "that a member is down is told first")
    }

    @Test func aMemberThatIsDownTakesTheMargin() {
        var scene = Scene()
        scene.down(3)
        let detail = scene.detail
        #expect(detail.summary.status == .degraded)
        #expect(detail.summary.cause == "etcd-3 is down: connection refused. Can lose 0 more members.")
        #expect(detail.summary.quorum.margin == 0)
        #expect(detail.members[2].status == .critical)
        #expect(detail.links.filter { $0.to == "3" }.allSatisfy { $0.state == .broken })
    }

    @Test func withoutQuorumItSaysSoFirst() {
        var scene = Scene()
        scene.down(2)
        scene.down(3)
        let summary = scene.detail.summary
        #expect(summary.status == .critical)
        #expect(summary.cause.hasPrefix("No quorum: 1 of 3 voting members answers. etcd-2 and etcd-3 are down"))
    }

    @Test func aMemberThatCannotBeAskedIsNotDown() {
        var scene = Scene()
        scene.down(3, "tls: the certificate has expired")
        #expect(
            scene.detail.summary.cause
                == "The agent on n3 cannot read etcd-3: tls: the certificate has expired. etcd itself may be well.")
        #expect(scene.detail.summary.status == .degraded)
        for member in 1...2 { scene.down(member, "tls: the certificate has expired") }
        let summary = scene.detail.summary
        #expect(summary.status == .unknown)
        #expect(summary.quorum.sentence == "Quorum not seen: 0 of 3 voting members heard of.")
    }

    @Test func anAgentThatIsLostIsNotAMemberThatIsDown() {
        var scene = Scene()
        scene.ages[2] = 40
        let detail = scene.detail
        #expect(detail.summary.status == .degraded)
        #expect(detail.summary.cause == "Agent on n2 silent for 40 s; etcd itself may be well.")
        #expect(detail.members[1].status == .degraded)
        #expect(detail.summary.members.up == 2)
        #expect(detail.summary.agents.silent == 1)
    }

    @Test func twoSilentHostsOfThreeAreUnknownAndNotLost() {
        var scene = Scene()
        (scene.ages[2], scene.ages[3]) = (40, 50)
        let summary = scene.detail.summary
        #expect(summary.status == .unknown)
        #expect(summary.quorum.sentence == "Quorum not seen: 1 of 3 voting members heard of.")
    }

    @Test func allAgentsSilentPointsToTheUplink() {
        var scene = Scene()
        scene.ages = [1: 240, 2: 250, 3: 260]
        let summary = scene.detail.summary
        #expect(summary.status == .unknown)
        #expect(summary.cause.hasPrefix("All 3 agents silent for 4 min; etcd itself may be well."))
    }

    @Test func aSlowDiskIsNamedWithItsMemberAndShare() {
        var scene = Scene()
        scene.fact(\.walShareOver16ms, 2, 0.142)
        scene.fact(\.walP99Seconds, 2, 0.031)
        let detail = scene.detail
        #expect(detail.summary.status == .degraded)
        #expect(detail.summary.cause == "Disk too slow on etcd-2 (leader): 14.2 % of WAL fsyncs over 16 ms.")
        #expect(detail.summary.walFsync?.member == "etcd-2")
        #expect(detail.members[0].status == .healthy)
    }

    @Test(arguments: [(0.010, 0.032, false), (0.011, 0.032, true), (0.010, 0.033, true)])
    func whatIsShownAsOverIsWhatTheVerdictSays(share: Double, commit: Double, isOver: Bool) {
        var scene = Scene()
        scene.fact(\.walP99Seconds, 1, 0.016)
        scene.fact(\.walShareOver16ms, 1, share)
        scene.fact(\.commitP99Seconds, 1, commit)
        let summary = scene.detail.summary
        #expect((summary.walFsync?.isOver == true || summary.backendCommit?.isOver == true) == isOver)
        #expect(summary.status == (isOver ? .degraded : .healthy))
    }

    @Test func aFullDatabaseTellsWhatADefragWouldFree() {
        var scene = Scene()
        scene.fact(\.databaseBytes, 1, 1.82e9)
        scene.fact(\.databaseInUseBytes, 1, 1.13e9)
        scene.fact(\.quotaBytes, 1, 2e9)
        #expect(
            scene.detail.summary.cause
                == "DB of etcd-1 at 91 % of its quota of 2 GB. A defrag would free 37.9 %.")
    }

    @Test func aSlowNetworkNamesBothEnds() {
        var scene = Scene()
        scene.facts.setRTT(["cluster": "prod", "instance": "n1:2379", "To": "3"], 0.212)
        let detail = scene.detail
        #expect(detail.summary.cause == "Network slow from etcd-1 to etcd-3: peer RTT p99 212 ms.")
        #expect(detail.links.first { $0.from == "1" && $0.to == "3" }?.state == .slow)
    }

    @Test func anAlarmIsCriticalAndSaysWhatToDo() {
        var scene = Scene()
        for number in 1...3 { scene.states[number]?.alarms = [.init(member: EtcdID(1), kind: "NOSPACE")] }
        let detail = scene.detail
        #expect(detail.summary.status == .critical)
        #expect(detail.summary.cause.hasPrefix("Alarm NOSPACE on etcd-1: writes are refused"))
        #expect(detail.members[0].alarms == ["NOSPACE"])
    }

    @Test func membersWithoutALeaderAreCritical() {
        var scene = Scene()
        for number in 1...3 { scene.states[number]?.leader = nil }
        #expect(scene.detail.summary.status == .critical)
        #expect(scene.detail.summary.cause.hasPrefix("No leader: etcd-1, etcd-2 and etcd-3 answer"))
    }

    @Test func aMemberOfAnotherClusterIsSeen() {
        var scene = Scene()
        scene.states[3]?.clusterID = EtcdID(0xbad)
        let summary = scene.detail.summary
        #expect(summary.status == .critical)
        #expect(summary.cause.hasPrefix("etcd-3 belongs to another etcd cluster (bad, not 63)"))
    }

    @Test func maintenanceIsNotJudgedButStillTold() {
        var scene = Scene()
        scene.down(3)
        scene.maintenanceUntil = Scene.now + .seconds(60)
        #expect(scene.detail.summary.status == .maintenance)
        #expect(scene.detail.summary.cause.hasPrefix("Maintenance. etcd-3 is down"))
    }

    @Test func aClusterWithoutAgentsSaysWhatIsMissing() {
        var scene = Scene()
        scene.states = [:]
        #expect(scene.detail.summary.cause == "No agent is enrolled for this cluster yet.")
    }
}
