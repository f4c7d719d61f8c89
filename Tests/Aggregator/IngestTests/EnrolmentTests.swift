import Access
import AgentProtocol
import Cryptography
import Fleet
import Ingest
import Logging
import MessageSignatures
import Model
import Postgres
import TestSupport
import Testing

@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct EnrolmentTests {
    private func desk(_ world: IngestWorld) -> EnrolmentDesk {
        EnrolmentDesk(
            fleet: world.fleet, audit: world.audit, metrics: world.metrics, clock: world.clock.clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func request(
        _ world: IngestWorld, token: String, node: String, key: Ed25519PrivateKey,
        signedBy signer: Ed25519PrivateKey? = nil
    ) throws -> UploadRequest {
        let body = EnrolmentRequest(
            token: token, node: node, publicKey: key.publicKey.raw, agentVersion: "1.0"
        ).json
        var parts = RequestParts(
            method: "POST", scheme: "https", authority: "aggregator:8379", target: AgentProtocol.enrolmentPath,
            headers: [
                (name: "Content-Type", value: AgentProtocol.jsonMediaType),
                (name: "Content-Digest", value: ContentDigest.sha256(body)),
            ])
        let fields = try MessageSigner(key: signer ?? key).sign(
            parts,
            SignatureParameters(
                components: AgentProtocol.enrolmentComponents, created: world.clock.now.milliseconds / 1000,
                keyID: AgentProtocol.enrolmentKeyID, tag: AgentProtocol.enrolmentTag))
        parts.headers.append((name: "Signature-Input", value: fields.input))
        parts.headers.append((name: "Signature", value: fields.signature))
        return UploadRequest(parts: parts, body: body, peer: "192.0.2.1")
    }

    private func refusal(_ world: IngestWorld, _ request: UploadRequest) async -> ProblemCode? {
        do throws(Problem) {
            _ = try await desk(world).enrol(request)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func enrolsWhoHoldsTheKeyAndAToken() async throws {
        try await IngestWorld.with { world in
            let token = try await world.fleet.makeEnrolmentToken(cluster: "prod", by: "test")
            let key = try Ed25519PrivateKey.generate()
            let answer = try await desk(world).enrol(request(world, token: token.secret, node: "n1", key: key))
            #expect(answer.cluster == "prod" && answer.node == "n1")
            #expect(world.fleet.agent(answer.agentID)?.publicKey == key.publicKey.raw)
            #expect(try await world.audit.list().first?.event.action == "enrol")
        }
    }

    @Test func refusesAKeyThatTheAskerDoesNotHold() async throws {
        try await IngestWorld.with { world in
            let token = try await world.fleet.makeEnrolmentToken(cluster: "prod", by: "test")
            let stolen = try Ed25519PrivateKey.generate()
            let forged = try request(
                world, token: token.secret, node: "n1", key: stolen, signedBy: Ed25519PrivateKey.generate())
            #expect(await refusal(world, forged) == .badSignature)
            // The token was not spent on it.
            #expect(await refusal(world, try request(world, token: token.secret, node: "n1", key: stolen)) == nil)
        }
    }

    @Test func spendsATokenOnce() async throws {
        try await IngestWorld.with { world in
            let token = try await world.fleet.makeEnrolmentToken(cluster: "prod", by: "test")
            let first = try request(world, token: token.secret, node: "n1", key: .generate())
            let second = try request(world, token: token.secret, node: "n2", key: .generate())
            #expect(await refusal(world, first) == nil)
            #expect(await refusal(world, second) == .badToken)
            #expect(try await world.auditedRefusals().first?.reason.hasPrefix("used-token") == true)
        }
    }

    @Test func refusesAnExpiredToken() async throws {
        try await IngestWorld.with { world in
            let token = try await world.fleet.makeEnrolmentToken(cluster: "prod", lifetime: .seconds(60), by: "test")
            world.clock.advance(by: .seconds(61))
            let late = try request(world, token: token.secret, node: "n1", key: .generate())
            #expect(await refusal(world, late) == .badToken)
        }
    }

    @Test func replacesANodeOnlyWithATokenForIt() async throws {
        try await IngestWorld.with { world in
            let old = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            let plain = try await world.fleet.makeEnrolmentToken(cluster: "prod", by: "test")
            let taken = try request(world, token: plain.secret, node: "n1", key: .generate())
            #expect(await refusal(world, taken) == .nodeTaken)
            #expect(try await world.auditedRefusals().first?.reason.hasPrefix("node-taken") == true)
            #expect(world.fleet.agent(old.id)?.isActive == true)

            let foreign = try await world.fleet.makeEnrolmentToken(cluster: "prod", replacesNode: "n2", by: "test")
            let wrong = try request(world, token: foreign.secret, node: "n1", key: .generate())
            #expect(await refusal(world, wrong) == .badToken)

            let right = try await world.fleet.makeEnrolmentToken(cluster: "prod", replacesNode: "n1", by: "test")
            let request = try request(world, token: right.secret, node: "n1", key: .generate())
            #expect(await refusal(world, request) == nil)
            #expect(world.fleet.agent(old.id)?.isActive == false)
        }
    }

    @Test func countsWhoKnocksWithoutAToken() async throws {
        try await IngestWorld.with { world in
            let guess = try request(
                world, token: "emt_" + String(repeating: "A", count: 43), node: "n1", key: .generate())
            for _ in 0..<5 { #expect(await refusal(world, guess) == .badToken) }
            #expect(try await world.auditedRefusals().isEmpty)
            try await world.audit.recordStrangers()
            #expect(try await world.auditedRefusals().count == 1)
        }
    }
}
