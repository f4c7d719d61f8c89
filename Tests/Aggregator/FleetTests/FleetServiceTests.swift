import AgentProtocol
import AsyncSupport
import Logging
import Model
import Postgres
import TestSupport
import Testing

@testable import Fleet

@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct FleetServiceTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func started(_ pool: PostgresPool, _ clock: ManualWallClock) async throws -> FleetService {
        let fleet = FleetService(pool: pool, clock: clock.clock, logger: Self.logger)
        try await fleet.load()
        return fleet
    }

    private func enrol(_ node: String, in fleet: FleetService, key: UInt8) async throws -> AgentRecord {
        let token = try await fleet.makeEnrolmentToken(cluster: "prod", by: "test")
        return try await fleet.enrol(
            Enrolment(
                token: token.secret, node: node, publicKey: [UInt8](repeating: key, count: 32), agentVersion: "1.0")
        ).agent
    }

    private func opinion(_ agent: AgentRecord, leader: UInt64, term: UInt64, at time: Timestamp) -> MemberOpinion {
        MemberOpinion(
            key: MemberOpinion.Key(agent: agent.id, source: "m"), cluster: agent.cluster, node: agent.node,
            instance: "\(agent.node):2379", observedAt: time, receivedAt: time,
            state: MemberState(
                isReachable: true, clusterID: EtcdID(9), memberID: EtcdID(UInt64(agent.number)), leader: EtcdID(leader),
                term: term))
    }

    @Test func storesOneEventOfSeveralReports() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let clock = ManualWallClock()
            let fleet = try await started(pool, clock)
            let first = try await enrol("n1", in: fleet, key: 1)
            let second = try await enrol("n2", in: fleet, key: 2)
            await fleet.apply([first, second].map { opinion($0, leader: 1, term: 1, at: clock.now) })
            clock.advance(by: .seconds(1))
            // Another aggregator hears the other agent: only the database can know that it is the same change.
            let other = try await started(pool, clock)
            await fleet.apply([opinion(first, leader: 2, term: 2, at: clock.now)])
            await other.apply([opinion(second, leader: 2, term: 2, at: clock.now)])
            let changes = try await fleet.events(kind: "leader-changed", limit: 10)
            #expect(changes.count == 1)
            #expect(changes.first?.detail["seenBy"] == "n1")
        }
    }

    @Test func forgetsADeletedClusterHereAndElsewhere() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let clock = ManualWallClock()
            let fleet = try await started(pool, clock)
            let agent = try await enrol("n1", in: fleet, key: 1)
            await fleet.apply([opinion(agent, leader: 1, term: 1, at: clock.now)])
            let other = try await started(pool, clock)
            try await fleet.deleteCluster("prod")
            await #expect(throws: FleetError.self) { try await fleet.deleteCluster("prod") }
            await other.refresh()
            for one in [fleet, other] {
                #expect(one.agent(agent.id) == nil)
                #expect(one.snapshot().clusters.isEmpty)
                await one.apply([opinion(agent, leader: 2, term: 2, at: clock.now)])
                #expect(try await one.events(limit: 10).isEmpty)
            }
            // The name is free again.
            _ = try await enrol("n1", in: fleet, key: 2)
            #expect(fleet.snapshot().clusters.map(\.name) == ["prod"])
        }
    }

    @Test func storesNoSecondBeginningOfWhatHasNotEnded() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let clock = ManualWallClock()
            let fleet = try await started(pool, clock)
            let agent = try await enrol("n1", in: fleet, key: 1)
            func say(_ isUp: Bool, to fleet: FleetService) async {
                clock.advance(by: .seconds(1))
                var opinion = opinion(agent, leader: 1, term: 1, at: clock.now)
                opinion.state.isReachable = isUp
                await fleet.apply([opinion])
            }
            await say(true, to: fleet)
            let other = try await started(pool, clock)
            await say(false, to: fleet)
            // Another aggregator has not heard of that yet, and takes a later batch for the first that says so.
            await say(false, to: other)
            await say(true, to: other)
            await say(false, to: other)
            let kinds = try await fleet.events(limit: 10).map(\.kind)
            #expect(kinds == [.memberDown, .memberUp, .memberDown, .agentEnrolled])
        }
    }

    @Test func whoeverIsHeardByAnotherAggregatorIsNotSilent() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let clock = ManualWallClock()
            let fleet = try await started(pool, clock)
            let agent = try await enrol("n1", in: fleet, key: 1)
            func hear() async {
                fleet.noteAccepted(
                    agent.id, at: clock.now, epoch: 1, sequence: 1, newestSample: nil, clockOffset: nil)
                await fleet.flush()
            }
            await hear()
            let deaf = try await started(pool, clock)
            clock.advance(by: .seconds(60))
            await hear()
            await deaf.checkSilence()
            #expect(try await fleet.events(kind: "agent-silent", limit: 10).isEmpty)
            clock.advance(by: .seconds(60))
            await deaf.checkSilence()
            #expect(try await fleet.events(kind: "agent-silent", limit: 10).count == 1)
        }
    }

    @Test func knowsAfterARestartWhatWasSaidBefore() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let clock = ManualWallClock()
            let fleet = try await started(pool, clock)
            let agent = try await enrol("n1", in: fleet, key: 1)
            await fleet.apply([opinion(agent, leader: 1, term: 1, at: clock.now)])
            clock.advance(by: .seconds(5))
            let again = try await started(pool, clock)
            #expect(again.agent(agent.id)?.node == "n1")
            let events = await again.apply([opinion(agent, leader: 2, term: 2, at: clock.now)])
            #expect(events.map(\.kind) == [.leaderChanged])
        }
    }

    @Test func tellsASilentAgentAndItsReturn() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let clock = ManualWallClock()
            let fleet = try await started(pool, clock)
            let agent = try await enrol("n1", in: fleet, key: 1)
            func hear() {
                fleet.noteAccepted(
                    agent.id, at: clock.now, epoch: 1, sequence: 1, newestSample: clock.now, clockOffset: .zero)
            }
            hear()
            clock.advance(by: .seconds(14))
            await fleet.checkSilence()
            #expect(try await fleet.events(kind: "agent-silent", limit: 10).isEmpty)
            clock.advance(by: .seconds(2))
            await fleet.checkSilence()
            await fleet.checkSilence()
            let silent = try await fleet.events(kind: "agent-silent", limit: 10)
            #expect(silent.map(\.sentence) == ["Agent on n1 silent for 16 s; etcd itself may be well."])
            hear()
            await fleet.checkSilence()
            #expect(try await fleet.events(kind: "agent-back", limit: 10).count == 1)
        }
    }

    @Test func blamesNobodyForTheTimeBeforeItListened() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let clock = ManualWallClock()
            let fleet = try await started(pool, clock)
            let agent = try await enrol("n1", in: fleet, key: 1)
            fleet.noteAccepted(
                agent.id, at: clock.now, epoch: 1, sequence: 1, newestSample: clock.now, clockOffset: .zero)
            await fleet.flush()
            clock.advance(by: .seconds(600))
            let again = try await started(pool, clock)
            await again.checkSilence()
            #expect(try await again.events(kind: "agent-silent", limit: 10).isEmpty)
        }
    }

    @Test func hearsOfARevocationElsewhere() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let clock = ManualWallClock()
            let (here, elsewhere) = (try await started(pool, clock), try await started(pool, clock))
            let agent = try await enrol("n1", in: here, key: 1)
            await elsewhere.refresh()
            #expect(elsewhere.agent(agent.id)?.isActive == true)
            try await here.revoke(agent.id, reason: "lost")
            await elsewhere.refresh()
            #expect(elsewhere.agent(agent.id)?.isActive == false)
        }
    }

    @Test func pagesThroughEventsNewestFirst() async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let fleet = try await started(pool, ManualWallClock())
            for number in 1...5 { _ = try await enrol("n\(number)", in: fleet, key: UInt8(number)) }
            let first = try await fleet.events(cluster: "prod", limit: 3)
            #expect(first.map(\.node) == ["n5", "n4", "n3"])
            let second = try await fleet.events(cluster: "prod", before: first.last?.id, limit: 3)
            #expect(second.map(\.node) == ["n2", "n1"])
        }
    }

    @Test(arguments: ["", "-a", "A", "a_b", String(repeating: "a", count: 64), "ä"])
    func refusesABadClusterName(name: String) async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let fleet = try await started(pool, ManualWallClock())
            await #expect(throws: FleetError.self) { try await fleet.makeEnrolmentToken(cluster: name, by: "test") }
        }
    }
}
