import AgentProtocol
import AsyncSupport
import Cryptography
import Fleet
import FrameCodec
import Ingest
import Logging
import Model
import Postgres
import SeriesStore
import TestSupport
import Testing

/// Two aggregators over one database.
@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct PeerTests {
    /// Runs `body` with `world` and a second one that follows it.
    private func withPeer(
        _ body: @escaping @Sendable (_ world: IngestWorld, _ peer: IngestWorld) async throws -> Void
    ) async throws {
        try await IngestWorld.with { world in
            try await IngestWorld.again(world) { peer in
                let changes = peer.stateChanges
                let follower = PeerFollower(
                    store: peer.store, fleet: peer.fleet, logger: Logger(label: "test"),
                    stateChanged: { _ in changes.add() })
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await follower.run() }
                    group.addTask { try await peer.fleet.run() }
                    defer { group.cancelAll() }
                    try await body(world, peer)
                }
            }
        }
    }

    private func eventually(_ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while try await !condition() {
            try #require(ContinuousClock.now < deadline)
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func state(_ isReachable: Bool) -> MemberState {
        MemberState(
            isReachable: isReachable, reason: isReachable ? "" : "refused", clusterID: EtcdID(1), memberID: EtcdID(2),
            members: [])
    }

    @Test func whatOneCommitsTheOtherShows() async throws {
        try await withPeer { world, peer in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            for _ in 0..<3 {
                try await world.ingestor.ingest(agent.request(agent.batch().body))
                world.clock.advance(by: .seconds(5))
                peer.clock.advance(by: .seconds(5))
            }
            try await eventually { try await peer.ticks() == [1, 2, 3] }
            #expect(peer.store.sourceCount == 1)
            try await eventually { peer.fleet.agent(agent.id)?.contact.sequence == 3 }
            let lastSeen = world.fleet.agent(agent.id)?.contact.lastSeen
            #expect(peer.fleet.agent(agent.id)?.contact.lastSeen == lastSeen)
        }
    }

    @Test func anAgentThatMovesIsTakenInTheMiddleOfItsStream() async throws {
        try await withPeer { world, peer in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            try await world.ingestor.ingest(agent.request(agent.batch().body))
            try await eventually { peer.fleet.agent(agent.id) != nil }
            // To and fro: frames build on the keyframe that the first one has.
            for turn in 0..<6 {
                world.clock.advance(by: .seconds(5))
                peer.clock.advance(by: .seconds(5))
                try await (turn % 2 == 0 ? peer : world).ingestor.ingest(agent.request(agent.batch().body))
            }
            try await eventually { try await peer.ticks() == [1, 2, 3, 4, 5, 6, 7] }
        }
    }

    @Test func whatHappenedIsToldEverywhereAndStoredOnce() async throws {
        try await withPeer { world, peer in
            let told = peer.fleet.events.subscribe()
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            for isUp in [true, false, true] {
                try await world.ingestor.ingest(agent.request(agent.batch(state: state(isUp)).body))
                world.clock.advance(by: .seconds(5))
                peer.clock.advance(by: .seconds(5))
            }
            var kinds: [FleetEvent.Kind] = []
            for await event in told {
                kinds.append(event.kind)
                if event.kind == .memberUp { break }
            }
            #expect(kinds == [.agentEnrolled, .memberDown, .memberUp])
            try await eventually { peer.stateChanges.count > 0 }
            let stored = try await world.fleet.events(limit: 100).map(\.kind)
            #expect(stored == [.memberUp, .memberDown, .agentEnrolled])
        }
    }

    @Test func anEventIsNotLostWithTheAggregatorThatTookItsBatch() async throws {
        try await withPeer { world, peer in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            try await world.ingestor.ingest(agent.request(agent.batch(state: state(true)).body))
            try await eventually { peer.fleet.snapshot().clusters.first?.observation.opinions.isEmpty == false }
            // It commits the batch and dies before it judges it: a store without a fleet.
            world.clock.advance(by: .seconds(5))
            peer.clock.advance(by: .seconds(5))
            let batch = try agent.batch(state: state(false))
            try await world.commitOnly(batch, of: agent.id)
            try await eventually { try await peer.fleet.events(limit: 10).first?.kind == .memberDown }
        }
    }

    @Test func aMissedNoticeIsMadeUpFor() async throws {
        try await withPeer { world, peer in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            try await world.ingestor.ingest(agent.request(agent.batch().body))
            try await eventually { try await peer.ticks() == [1] }
            // Every listener loses its connection; what is committed meanwhile is announced to nobody.
            try await world.pool.query(
                """
                select count(pg_terminate_backend(pid)) as ended from pg_stat_activity
                where datname = current_database() and query ilike 'listen%' and pid <> pg_backend_pid()
                """)
            world.clock.advance(by: .seconds(5))
            peer.clock.advance(by: .seconds(5))
            try await world.ingestor.ingest(agent.request(agent.batch().body))
            try await eventually { try await peer.ticks() == [1, 2] }
        }
    }
}

extension IngestWorld {
    /// Stores `batch` as an aggregator does that dies at once.
    fileprivate func commitOnly(_ batch: EncodedBatch, of id: AgentID) async throws {
        let body = try Compression.decompress(batch.body, limit: 1 << 20)
        guard let agent = fleet.agent(id) else { return }
        let accepted = AcceptedBatch(
            agent: agent.number, receivedAt: clock.now, digest: SHA256.digest(body), batch: try Batch.decode(body))
        _ = try await pool.transaction { try await self.store.write([accepted], on: $0) }
    }
}
