import AgentProtocol
import Fleet
import FrameCodec
import Model
import Postgres
import SeriesQuery
import SeriesStore
import TestSupport
import Testing

@testable import Ingest

@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct AcceptanceTests {
    @Test func acknowledgesOnlyWhatIsCommittedAndCanBeQueried() async throws {
        try await IngestWorld.with { world in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            for _ in 0..<3 {
                try await world.ingestor.ingest(agent.request(agent.batch().body))
                world.clock.advance(by: .seconds(5))
            }
            #expect(try await world.storedBatches() == 3)
            #expect(try await world.ticks() == [1, 2, 3])
            #expect(world.fleet.agent(agent.id)?.contact.sequence == 3)
        }
    }

    @Test func acknowledgesARepetitionWithoutEffect() async throws {
        try await IngestWorld.with { world in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            let request = try agent.request(agent.batch().body)
            try await world.ingestor.ingest(request)
            try await world.ingestor.ingest(request)
            #expect(try await world.storedBatches() == 1)
            #expect(try await world.auditedRefusals().isEmpty)
        }
    }

    @Test func storesARepetitionWithinOneGroupOnce() async throws {
        try await IngestWorld.with { world in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            let request = try agent.request(agent.batch().body)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try await world.ingestor.ingest(request) } }
                try await group.waitForAll()
            }
            #expect(try await world.storedBatches() == 1)
        }
    }

    @Test func recordsAGapAndTakesWhatComesAfterIt() async throws {
        try await IngestWorld.with { world in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            try await world.ingestor.ingest(agent.request(agent.batch().body))
            try await world.ingestor.ingest(agent.request(agent.batch(skipping: 5).body))
            let ranges: String? = try await world.pool.query("select ranges::text as r from ledger").first?["r"]
            #expect(ranges == "{[1,2),[7,8)}")
        }
    }

    @Test func goesOnAfterARestartWithoutSourceOrKeyframe() async throws {
        try await IngestWorld.with { world in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            try await world.ingestor.ingest(agent.request(agent.batch().body))
            world.clock.advance(by: .seconds(5))
            let second = try agent.request(agent.batch().body)
            // Another process over the same database has heard nothing of this stream.
            try await IngestWorld.again(world) { other in
                try await other.ingestor.ingest(second)
                #expect(try await other.ticks() == [1, 2])
            }
        }
    }

    @Test func asksForTheSegmentWhenAFrameBuildsOnWhatIsNowhere() async throws {
        try await IngestWorld.with { world in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            let lost = try agent.batch()
            let second = try agent.batch()
            #expect(await world.refusal(of: try agent.request(second.body)) == .missingContext)
            #expect(try await world.auditedRefusals().isEmpty)
            try await world.ingestor.ingest(agent.request(lost.body))
            try await world.ingestor.ingest(agent.request(second.body))
            #expect(try await world.storedBatches() == 2)
        }
    }

    @Test func asksForTheSegmentWhenItsKeyframeBecameBlocks() async throws {
        try await IngestWorld.with { world in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            var sent: [EncodedBatch] = []
            for _ in 0..<4 {
                sent.append(try agent.batch())
                try await world.ingestor.ingest(agent.request(sent[sent.count - 1].body))
                world.clock.advance(by: .seconds(5))
            }
            // The link is down for hours; what was measured meanwhile builds on a keyframe that was sent before.
            let late = try agent.batch()
            for _ in 0..<4 {
                world.clock.advance(by: .seconds(1800))
                try await world.store.maintain()
                try await world.store.compact()
            }
            #expect(try await world.storedBatches() == 0)
            #expect(await world.refusal(of: try agent.request(late.body)) == .missingContext)
            for batch in sent { #expect(await world.refusal(of: try agent.request(batch.body)) == nil) }
            #expect(await world.refusal(of: try agent.request(late.body)) == nil)
            let ticks = try await world.store.series(
                SeriesSelection(
                    matchers: [.equal("__name__", "ticks_total")], start: world.clock.now - .seconds(10_000),
                    end: world.clock.now)
            ).flatMap(\.values).filter { !$0.isNaN }
            #expect(ticks == [1, 2, 3, 4, 5])
        }
    }

    @Test func tellsTheFleetWhatAMemberSays() async throws {
        try await IngestWorld.with { world in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            let state = MemberState(
                isReachable: true, clusterID: EtcdID(7), memberID: EtcdID(1), leader: EtcdID(1), term: 2,
                version: "3.5.1")
            try await world.ingestor.ingest(agent.request(agent.batch(state: state).body))
            let cluster = try #require(world.fleet.snapshot().clusters.first)
            #expect(cluster.observation.opinions.values.map(\.instance) == ["n1:2379"])
            #expect(cluster.observation.leaderships[EtcdID(7)]?.leader == EtcdID(1))
            #expect(world.stateChanges.count == 1)
        }
    }

    @Test func storesTheOthersOfAGroupWhenOneCannotBeStored() async throws {
        var limits = IngestLimits()
        limits.gathering = .milliseconds(200)
        try await IngestWorld.with(limits: limits) { world in
            // A trigger stands for whatever the database may dislike about one batch.
            try await world.pool.execute(
                """
                create function dislike() returns trigger language plpgsql as
                $$ begin if new.sequence = 13 then raise exception using errcode = '22000'; end if; return new; end $$
                """)
            try await world.pool.execute(
                "create trigger dislike before insert on batch for each row execute function dislike()")
            var agents: [TestAgent] = []
            for node in 1...6 { agents.append(try await TestAgent("n\(node)", in: world.fleet, clock: world.clock)) }
            var requests: [UploadRequest] = []
            for index in agents.indices {
                let skipped: UInt64 = index == 3 ? 12 : 0
                let body = try agents[index].batch(skipping: skipped, startsSegment: true).body
                requests.append(try agents[index].request(body))
            }
            let refusals = await withTaskGroup(of: ProblemCode?.self) { group in
                for request in requests { group.addTask { await world.refusal(of: request) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(refusals.compactMap { $0 } == [.malformedBatch])
            #expect(try await world.storedBatches() == 5)
        }
    }
}
