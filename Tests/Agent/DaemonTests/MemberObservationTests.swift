import AgentProtocol
import HTTPClient
import JSON
import Model
import TestSupport
import Testing

@testable import EtcdClient
@testable import etcd_monitor_agent

/// An observation that expectations can change.
private final class Seen {
    private var observation = MemberObservation()

    var isSettled: Bool { observation.isSettled }
    var state: MemberState { observation.state }

    func note(_ answer: EtcdStatus) -> Bool { observation.note(answer) }
    func note(_ error: EtcdError) -> Bool { observation.note(error) }
    func note(processStart: Timestamp) -> Bool { observation.note(processStart: processStart) }
}

@Suite struct MemberObservationTests {
    private func status(leader: UInt64 = 1, term: UInt64 = 2, errors: String = "", index: Int = 5) throws -> EtcdStatus
    {
        let text = """
            {"header":{"cluster_id":"9","member_id":"1"},"version":"3.5.1","leader":"\(leader)","raftTerm":"\(term)",
             "raftIndex":"\(index)","errors":[\(errors)]}
            """
        return try EtcdStatus(try JSONValue(parsing: Array(text.utf8)))
    }

    @Test func onlyWhatMattersIsAChange() throws {
        let seen = Seen()
        #expect(!seen.isSettled)
        #expect(seen.note(try status()))
        #expect(!seen.note(try status(index: 99)), "the index moves all the time")
        #expect(seen.note(try status(leader: 0)))
        #expect(seen.state.leader == nil)
        #expect(seen.note(try status(leader: 3, term: 3)))
        #expect(seen.note(try status(leader: 3, term: 3, errors: #""memberID:3 alarm:NOSPACE ""#)))
        #expect(seen.state.alarms.map(\.kind) == ["NOSPACE"])
        #expect(seen.note(try status(leader: 3, term: 3)))
        #expect(seen.state.alarms.isEmpty)
    }

    @Test func oneTimeoutIsNoOutageARefusalIs() throws {
        let seen = Seen()
        _ = seen.note(try status())
        #expect(!seen.note(EtcdError(.timeout, "slow")))
        #expect(seen.state.isReachable)
        #expect(!seen.note(try status()))
        #expect(!seen.note(EtcdError(.timeout, "slow")))
        #expect(seen.note(EtcdError(.timeout, "slow")))
        #expect(!seen.note(EtcdError(.timeout, "slow")), "told once")
        #expect(!seen.state.isReachable)
        #expect(seen.note(EtcdError(.refused, "gone")), "another reason is news")
        #expect(seen.state.reason == "refused: gone")
        #expect(seen.state.version == "3.5.1", "what was known stays")
        #expect(seen.note(try status()))
        #expect(seen.state.isReachable && seen.state.reason.isEmpty)
    }

    @Test func beingStoppedIsNoFailureOfTheMember() throws {
        let seen = Seen()
        _ = seen.note(try status())
        #expect(!seen.note(EtcdError(.cancelled, "")))
        #expect(seen.state.isReachable)
    }

    @Test func anotherProcessIsAChange() {
        let seen = Seen()
        #expect(!seen.note(processStart: Timestamp(milliseconds: 1)))
        #expect(!seen.note(processStart: Timestamp(milliseconds: 1)))
        #expect(seen.note(processStart: Timestamp(milliseconds: 2)))
    }
}
