import AgentProtocol
import Cryptography
import Fleet
import FrameCodec
import Model
import Postgres
import TestSupport
import Testing

@testable import Ingest

@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct LedgerTests {
    @Test func saysWhatItLacks() async throws {
        try await IngestWorld.with { world in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            func range(_ sequences: ClosedRange<UInt64>, epoch: UInt64? = nil) -> SequenceRange {
                SequenceRange(epoch: epoch ?? agent.epoch, sequences: sequences)
            }
            for skipped: UInt64 in [0, 0, 3] {
                let body = try agent.batch(skipping: skipped, startsSegment: true).body
                try await world.ingestor.ingest(agent.request(body))
            }
            // It has 1, 2 and 6.
            let held = [range(1...2), range(1...6), range(2...3), range(4...9), range(7...7), range(1...4, epoch: 5)]
            let answer = try await world.ingestor.answer(agent.question(held))
            #expect(
                answer.lacking == [range(3...5), range(3...3), range(4...9), range(7...7), range(1...4, epoch: 5)])
            #expect(try await world.ingestor.answer(agent.question([])).lacking.isEmpty)
        }
    }

    @Test func answersNobodyElse() async throws {
        try await IngestWorld.with { world in
            let agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            let held = [SequenceRange(epoch: 1, sequences: 1...1)]
            let forged = try agent.question(held, key: Ed25519PrivateKey.generate())
            var problem = await #expect(throws: Problem.self) { try await world.ingestor.answer(forged) }
            #expect(problem?.code == .badSignature)
            // What is signed as a question is no batch.
            let question = try agent.question(held)
            problem = await #expect(throws: Problem.self) { try await world.ingestor.ingest(question) }
            #expect(problem?.code == .badRequest)
            try await world.fleet.revoke(agent.id, reason: "lost")
            problem = await #expect(throws: Problem.self) { try await world.ingestor.answer(question) }
            #expect(problem?.code == .revokedAgent)
        }
    }
}
