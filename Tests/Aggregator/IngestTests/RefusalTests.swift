import Access
import AgentProtocol
import Cryptography
import Fleet
import FrameCodec
import Model
import Postgres
import TestSupport
import Testing

@testable import Ingest

/// Every way to be refused, each with its own reason, counted, and audited where an agent is named.
@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct RefusalTests {
    /// Posts what `make` makes of a good first batch, and expects `code`; nothing may have been stored.
    private func expect(
        _ code: ProblemCode, isAudited: Bool = true, sourceLocation: SourceLocation = #_sourceLocation,
        _ make: @escaping @Sendable (IngestWorld, inout TestAgent) async throws -> UploadRequest
    ) async throws {
        try await IngestWorld.with { world in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            let request = try await make(world, &agent)
            #expect(await world.refusal(of: request) == code, sourceLocation: sourceLocation)
            #expect(try await world.storedBatches() == 0, sourceLocation: sourceLocation)
            #expect(world.refused(code) == 1, sourceLocation: sourceLocation)
            let audited = try await world.auditedRefusals()
            #expect(audited.count == (isAudited ? 1 : 0), sourceLocation: sourceLocation)
            if isAudited { #expect(audited.first?.actor == "agent \(agent.id)", sourceLocation: sourceLocation) }
        }
    }

    @Test func refusesASequenceWithAnotherDigest() async throws {
        try await IngestWorld.with { world in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            var twin = agent
            try await world.ingestor.ingest(agent.request(agent.batch().body))
            let other = try twin.request(twin.batch(at: world.clock.now - .seconds(1)).body)
            #expect(await world.refusal(of: other) == .conflictingSequence)
            #expect(try await world.storedBatches() == 1)
            #expect(world.refused(.conflictingSequence) == 1)
            #expect(try await world.auditedRefusals().first?.reason.hasPrefix("conflicting-sequence") == true)
        }
    }

    @Test func refusesAnotherKey() async throws {
        try await expect(.badSignature) { _, agent in
            try agent.request(agent.batch().body, key: Ed25519PrivateKey.generate())
        }
    }

    @Test func refusesABodyThatWasAltered() async throws {
        try await expect(.digestMismatch) { _, agent in
            let body = try agent.batch().body
            var altered = body
            altered[altered.count / 2] ^= 1
            return try agent.request(body, sending: altered)
        }
    }

    @Test func refusesAStranger() async throws {
        try await expect(.unknownAgent, isAudited: false) { _, agent in
            try agent.request(agent.batch().body, keyID: String(repeating: "0", count: 32))
        }
    }

    @Test func refusesARevokedAgent() async throws {
        try await expect(.revokedAgent) { world, agent in
            try await world.fleet.revoke(agent.id, reason: "lost")
            return try agent.request(agent.batch().body)
        }
    }

    @Test func refusesASignatureThatLacksAComponent() async throws {
        try await expect(.badSignature, isAudited: false) { _, agent in
            try agent.request(agent.batch().body, components: ["@method", "@path", "content-digest"])
        }
    }

    @Test(arguments: [-61, 61]) func answersAStaleSignatureWithTheTime(seconds: Int) async throws {
        try await IngestWorld.with { world in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            let body = try agent.batch().body
            let late = try agent.request(body, created: world.clock.now + .seconds(seconds))
            let problem = await #expect(throws: Problem.self) { try await world.ingestor.ingest(late) }
            #expect(problem?.code == .staleSignature)
            #expect(problem?.serverTime == world.clock.now)
            #expect(try await world.auditedRefusals().isEmpty)
            // Signed again by that time, the same body is taken.
            try await world.ingestor.ingest(agent.request(body))
        }
    }

    @Test func refusesABodyThatIsTooLarge() async throws {
        try await expect(.bodyTooLarge, isAudited: false) { _, agent in
            try agent.request([UInt8](repeating: 7, count: AgentProtocol.bodyLimit + 1))
        }
    }

    @Test func refusesADecompressionBomb() async throws {
        try await expect(.decompressionTooLarge) { _, agent in
            let bomb = [UInt8](repeating: 0, count: AgentProtocol.decompressedLimit + 1)
            return try agent.request(Compression.compress(bomb))
        }
    }

    @Test func refusesWhatIsNoBatch() async throws {
        try await expect(.malformedBatch) { _, agent in
            try agent.request(Compression.compress(Array("not a batch".utf8)))
        }
    }

    @Test func refusesTheBatchOfAnotherAgent() async throws {
        try await expect(.wrongAgent) { world, agent in
            var other = try await TestAgent("n2", in: world.fleet, clock: world.clock)
            return try agent.request(other.batch().body)
        }
    }

    @Test(arguments: [61, -91 * 86_400]) func refusesATimeThatCannotBe(seconds: Int) async throws {
        try await expect(.impossibleTimestamp) { world, agent in
            try agent.request(agent.batch(at: world.clock.now + .seconds(seconds)).body)
        }
    }

    @Test func refusesAStateThatIsNone() async throws {
        try await expect(.malformedBatch) { world, agent in
            var encoder = StreamEncoder(
                agent: agent.id,
                sources: [SourceDescriptor(kind: .etcd, name: "m", port: 2379, interval: .seconds(5))])
            encoder.begin(BatchSlot(epoch: 9, sequence: 1, startsSegment: true), madeAt: world.clock.now)
            encoder.add(state: Array(#"{"reachable":"perhaps"}"#.utf8), source: 0)
            return try agent.request(encoder.finish().body)
        }
    }

    @Test func tellsAnAgentToComeBackWhenTheQueueIsFull() async throws {
        var limits = IngestLimits()
        limits.queueLength = 0
        try await IngestWorld.with(limits: limits) { world in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            #expect(await world.refusal(of: try agent.request(agent.batch().body)) == .overloaded)
            #expect(try await world.auditedRefusals().isEmpty)
        }
    }

    @Test func layoutsCountAsWhatTheyBecomeInMemory() async throws {
        var limits = IngestLimits()
        limits.queueBytes = 2000
        limits.gathering = .milliseconds(200)
        try await IngestWorld.with(limits: limits) { world in
            var requests: [UploadRequest] = []
            for node in 1...6 {
                var agent = try await TestAgent("n\(node)", in: world.fleet, clock: world.clock)
                requests.append(try agent.request(agent.batch().body))
            }
            let refusals = await withTaskGroup(of: ProblemCode?.self) { group in
                for request in requests { group.addTask { await world.refusal(of: request) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(refusals.contains(nil), "one alone always fits")
            #expect(refusals.contains(.overloaded))
            for request in requests { _ = await world.refusal(of: request) }
            #expect(try await world.storedBatches() == 6, "room comes back")
        }
    }

    @Test func aHostileAgentFillsTheAuditLogNoFurtherThanADayAllows() async throws {
        try await IngestWorld.with { world in
            let agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            let garbage = try Compression.compress(Array("not a batch".utf8))
            for _ in 0..<30 {
                for _ in 0..<25 { _ = await world.refusal(of: try agent.request(garbage)) }
                world.clock.advance(by: .seconds(60))
            }
            let told: Int? = try await world.pool.query(
                "select count(*) as n from audit_entry where actor like 'agent%' and outcome = 'refused'"
            ).first?["n"]
            #expect(told == 200)
            #expect(world.refused(.malformedBatch) == 750)
        }
    }

    @Test func whoNamesManyAgentsHasOneBudget() async throws {
        try await IngestWorld.with { world in
            for node in 1...5 {
                var agent = try await TestAgent("n\(node)", in: world.fleet, clock: world.clock)
                let request = try agent.request(agent.batch().body, key: Ed25519PrivateKey.generate())
                for _ in 0..<10 { _ = await world.refusal(of: request) }
            }
            #expect(try await world.auditedRefusals().count == 20)
        }
    }

    @Test func summarisesWhatFloodsInAnAgentsName() async throws {
        try await IngestWorld.with { world in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            let request = try agent.request(agent.batch().body, key: Ed25519PrivateKey.generate())
            for _ in 0..<50 { _ = await world.refusal(of: request) }
            #expect(try await world.auditedRefusals().count == 20)
            try await world.audit.recordStrangers()
            #expect(try await world.auditedRefusals().count == 21)
            #expect(world.refused(.badSignature) == 50)
        }
    }
}
