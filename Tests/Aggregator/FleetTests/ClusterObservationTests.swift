import AgentProtocol
import Model
import Testing

@testable import Fleet

/// One cluster of three members, told by their agents one opinion after another.
private final class Telling {
    var observation = ClusterObservation(name: "prod")
    var now = Timestamp(milliseconds: 1_790_000_000_000)

    static let members = (1...3).map { number in
        MemberState.Member(
            id: EtcdID(UInt64(number)), name: "m\(number)", peerURLs: ["http://n\(number):2380"],
            clientURLs: ["http://n\(number):2379"], isLearner: false)
    }

    static func agent(_ number: Int) -> AgentID {
        AgentID(bytes: [UInt8](repeating: UInt8(number), count: 16)) ?? { preconditionFailure("16 bytes") }()
    }

    static func state(
        _ number: Int, leader: Int = 1, term: UInt64 = 5, _ change: (inout MemberState) -> Void = { _ in }
    ) -> MemberState {
        var state = MemberState(
            isReachable: true, clusterID: EtcdID(99), memberID: EtcdID(UInt64(number)),
            leader: EtcdID(UInt64(leader)), term: term, version: "3.5.1", members: members,
            processStart: Timestamp(milliseconds: 1_780_000_000_000))
        change(&state)
        return state
    }

    /// Agent `number` says `state` a second later.
    func say(_ number: Int, _ state: MemberState) -> [FleetEvent] {
        now = now + .seconds(1)
        return observation.apply(
            MemberOpinion(
                key: MemberOpinion.Key(agent: Self.agent(number), source: "m\(number)"), cluster: "prod",
                node: "n\(number)", instance: "n\(number):2379", observedAt: now, receivedAt: now, state: state))
    }

    /// All three have said that all is well.
    static func begun() -> Telling {
        let telling = Telling()
        for number in 1...3 { _ = telling.say(number, state(number)) }
        return telling
    }
}

@Suite struct ClusterObservationTests {
    @Test func saysNothingOfAClusterThatItSeesForTheFirstTime() {
        let telling = Telling()
        for number in 1...3 { #expect(telling.say(number, Telling.state(number)).isEmpty) }
        #expect(telling.observation.leaderships[EtcdID(99)]?.leader == EtcdID(1))
    }

    @Test func makesOneEventOfALeaderChangeThatThreeAgentsSee() {
        let telling = Telling.begun()
        let first = telling.say(2, Telling.state(2, leader: 3, term: 6))
        #expect(first.map(\.kind) == [.leaderChanged])
        #expect(first[0].sentence == "Leader changed from m1 to m3, term 5 → 6.")
        #expect(first[0].detail["seenBy"] == "n2")
        #expect(telling.say(3, Telling.state(3, leader: 3, term: 6)).isEmpty)
        #expect(telling.say(1, Telling.state(1, leader: 3, term: 6)).isEmpty)
    }

    @Test func ignoresALeaderThatIsOldNews() {
        let telling = Telling.begun()
        _ = telling.say(2, Telling.state(2, leader: 3, term: 6))
        #expect(telling.say(1, Telling.state(1, leader: 1, term: 5) { $0.version = "3.5.2" }).isEmpty)
    }

    @Test func waitsForAWinnerWhileThereIsNoLeader() {
        let telling = Telling.begun()
        #expect(telling.say(2, Telling.state(2, term: 6) { $0.leader = nil }).isEmpty)
        #expect(telling.say(2, Telling.state(2, leader: 2, term: 6)).map(\.kind) == [.leaderChanged])
    }

    @Test func tellsAnElectionThatTheSameMemberWins() {
        let telling = Telling.begun()
        let events = telling.say(1, Telling.state(1, leader: 1, term: 8))
        #expect(events.map(\.sentence) == ["m1 was elected again, term 5 → 8."])
    }

    @Test func tellsARestartByTheProcessesStart() {
        let telling = Telling.begun()
        let restarted = telling.say(
            2, Telling.state(2) { $0.processStart = Timestamp(milliseconds: 1_790_000_000_000) })
        #expect(restarted.map(\.kind) == [.memberRestarted])
        // The kernel's clock ticks coarsely: a start that moved by a few milliseconds is the same one.
        let same = telling.say(2, Telling.state(2) { $0.processStart = Timestamp(milliseconds: 1_790_000_000_020) })
        #expect(same.isEmpty)
    }

    @Test func tellsAMemberThatGoesAndComesBack() {
        let telling = Telling.begun()
        let down = telling.say(3, Telling.state(3) { ($0.isReachable, $0.reason) = (false, "connection refused") })
        #expect(down.map(\.sentence) == ["m3 is down: connection refused."])
        let up = telling.say(3, Telling.state(3))
        #expect(up.map(\.kind) == [.memberUp])
    }

    @Test func tellsMembershipOnceWhoeverSeesIt() {
        let telling = Telling.begun()
        let added = MemberState.Member(id: EtcdID(4), name: "m4", peerURLs: [], clientURLs: [], isLearner: true)
        let grow = { (state: inout MemberState) in state.members.append(added) }
        let events = telling.say(1, Telling.state(1, grow))
        #expect(events.map(\.sentence) == ["m4 was added as a learner."])
        // The second agent's event names the same occurrence, so only one is stored.
        #expect(telling.say(2, Telling.state(2, grow)).map(\.occurrence) == events.map(\.occurrence))

        let promoted = telling.say(1, Telling.state(1) { $0.members.append(added.promoted) })
        #expect(promoted.map(\.kind) == [.learnerPromoted])
        let removed = telling.say(1, Telling.state(1))
        #expect(removed.map(\.sentence) == ["m4 was removed from the cluster."])
    }

    @Test func takesAMissingListForNoNews() {
        let telling = Telling.begun()
        let events = telling.say(1, Telling.state(1) { ($0.isReachable, $0.members) = (false, []) })
        #expect(events.map(\.kind) == [.memberDown])
    }

    @Test func tellsAnAlarmOnceAndItsEndOnce() {
        let telling = Telling.begun()
        let alarm = MemberState.Alarm(member: EtcdID(2), kind: "NOSPACE")
        let raise = { (state: inout MemberState) in state.alarms = [alarm] }
        #expect(telling.say(1, Telling.state(1, raise)).map(\.kind) == [.alarmRaised])
        #expect(telling.say(2, Telling.state(2, raise)).isEmpty)
        let cleared = telling.say(1, Telling.state(1))
        #expect(cleared.map(\.sentence) == ["The alarm NOSPACE of m2 is off."])
        #expect(telling.say(2, Telling.state(2)).isEmpty)
    }

    @Test func ignoresAnOpinionThatIsOlderThanTheOneKnown() {
        let telling = Telling.begun()
        telling.now = telling.now - .seconds(100)
        #expect(telling.say(1, Telling.state(1, leader: 3, term: 9)).isEmpty)
        #expect(telling.observation.leaderships[EtcdID(99)]?.term == 5)
    }

    @Test func keepsWhoAMemberIsWhenItsAgentStartsWhileItIsDown() {
        let telling = Telling.begun()
        _ = telling.say(3, MemberState(isReachable: false, reason: "connection refused"))
        let opinion = telling.observation.opinions.values.first { $0.node == "n3" }
        #expect(opinion?.state.memberID == EtcdID(3))
        #expect(opinion?.memberName == "m3")
    }
}

extension MemberState.Member {
    fileprivate var promoted: MemberState.Member {
        var member = self
        member.isLearner = false
        return member
    }
}
