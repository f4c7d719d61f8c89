import AgentProtocol
import Cryptography
import Fleet
import FrameCodec
import Glibc
import Ingest
import MessageSignatures
import Model
import Postgres
import SeriesStore
import TestSupport
import Testing

@testable import Ingest

/// Requests as somebody hostile makes them: from a recorded one by changing bytes, and by an agent that has gone bad and
/// signs what it likes. ETCD_MONITOR_MUTATIONS says how many (20,000); the same ones in each run.
@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct HostileRequestTests {
    private static let mutations = getenv("ETCD_MONITOR_MUTATIONS").flatMap { Int(String(cString: $0)) } ?? 20_000

    @Test func nothingThatWasChangedOnItsWayIsTaken() async throws {
        try await IngestWorld.with { world in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            let other = try await TestAgent("n2", in: world.fleet, clock: world.clock)
            let genuine = try agent.request(agent.batch().body)
            let question = try agent.question([SequenceRange(epoch: agent.epoch, sequences: 1...9)])
            let fleet = world.fleet
            let verifier = UploadVerifier(limits: IngestLimits()) { fleet.agent($0) }
            var random = Mutations(seed: 1)
            var reasons: [ProblemCode: Int] = [:]
            for round in 0..<Self.mutations {
                // A small machine's two threads are for the other tests too, which have deadlines.
                if round % 256 == 255 { await Task.yield() }
                let original = round % 8 == 0 ? question : genuine
                let mutated = random.mutate(original, strangers: other.id.description)
                do throws(Refusal) {
                    if round % 8 == 0 {
                        _ = try verifier.verifyQuestion(mutated, at: world.clock.now)
                    } else {
                        _ = try verifier.verify(mutated, at: world.clock.now)
                    }
                    #expect(original.isSame(as: mutated), "\(mutated.parts.headers)")
                } catch {
                    reasons[error.problem.code, default: 0] += 1
                    if error.isProven {
                        #expect(error.claimed?.id == agent.id)
                        #expect(original.isSame(as: mutated))
                    }
                }
            }
            // Each kind of refusal was met, so the mutations reach all checks.
            for code in [ProblemCode.badRequest, .badSignature, .unknownAgent, .digestMismatch] {
                #expect(reasons[code, default: 0] > 0, "\(code)")
            }
        }
    }

    @Test func anAgentThatSignsWhatItLikesDoesNoHarm() async throws {
        try await IngestWorld.with { world in
            var agent = try await TestAgent("n1", in: world.fleet, clock: world.clock)
            var good = try await TestAgent("n2", in: world.fleet, clock: world.clock)
            let state = MemberState(
                isReachable: true, clusterID: EtcdID(7), memberID: EtcdID(1), leader: EtcdID(1), term: 2,
                version: "3.5.1")
            var bodies: [[UInt8]] = []
            for _ in 0..<3 {
                let batch = try agent.batch(state: state)
                bodies.append(try Compression.decompress(batch.body, limit: AgentProtocol.decompressedLimit))
            }
            var random = Mutations(seed: 2)
            var taken = 0
            for round in 0..<Self.mutations / 10 {
                let compressed = try Compression.compress(random.mutate(bodies[round % bodies.count]))
                // Now and then the frame around it is broken too.
                let body = round % 16 == 0 ? random.mutate(compressed) : compressed
                if await world.refusal(of: try agent.request(body)) == nil { taken += 1 }
            }
            #expect(taken > 0)
            let entries: Int? = try await world.pool.query("select count(*) as n from audit_entry").first?["n"]
            #expect(try #require(entries) < 250, "bounded, whatever it sends")
            // Others do not notice, and all that was taken can be read.
            try await world.ingestor.ingest(good.request(good.batch().body))
            var damaged = 0
            _ = try await world.store.check { _ in
            } found: { _ in
                damaged += 1
            }
            #expect(damaged == 0)
            let sources: Int? = try await world.pool.query("select count(*) as n from source").first?["n"]
            #expect(try #require(sources) <= 200)
        }
    }
}

extension UploadRequest {
    /// Whether everything that a signature covers is the same. How the signature itself is spelt does not matter: the same
    /// bytes have several spellings in base64 and in structured fields.
    fileprivate func isSame(as other: UploadRequest) -> Bool {
        func covered(_ request: UploadRequest) -> [String?] {
            let names = ["content-type", "content-encoding", "content-digest"]
            return [request.parts.method.uppercased(), request.parts.authority.lowercased()] + [request.parts.path]
                + names.map { request.header($0)?.trimmed }
        }
        return body == other.body && covered(self) == covered(other)
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}

/// Changes that are the same in each run.
private struct Mutations {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(truncatingIfNeeded: state >> 33) % max(bound, 1)
    }

    /// One to three changes of bytes: flipped, set, taken out, put in, doubled, cut off.
    mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...below(3) {
            let at = below(bytes.count)
            switch below(6) {
            case 0 where !bytes.isEmpty: bytes[at] ^= 1 << below(8)
            case 1 where !bytes.isEmpty: bytes[at] = [0, 0x7f, 0x80, 0xff][below(4)]
            case 2 where !bytes.isEmpty: bytes.remove(at: at)
            case 3: bytes.insert(UInt8(below(256)), at: at)
            case 4: bytes.insert(contentsOf: bytes[at..<min(at + 1 + below(40), bytes.count)], at: at)
            default: bytes.removeLast(min(below(8), bytes.count))
            }
        }
        return bytes
    }

    private mutating func mutate(_ text: String) -> String { String(decoding: mutate(Array(text.utf8)), as: UTF8.self) }

    mutating func mutate(_ request: UploadRequest, strangers other: String) -> UploadRequest {
        var changed = request
        let header = below(request.parts.headers.count)
        switch below(9) {
        case 0: changed.body = mutate(request.body)
        case 1: changed.parts.method = ["GET", "post", "PUT", ""][below(4)]
        case 2: changed.parts.authority = mutate(request.parts.authority)
        case 3: changed.parts.path = mutate(request.parts.path)
        case 4: changed.parts.headers.remove(at: header)
        case 5: changed.parts.headers.append(request.parts.headers[header])
        case 6:
            // In another agent's name.
            changed.parts.headers = request.parts.headers.map { header in
                guard header.name == "Signature-Input", let at = header.value.firstRange(of: "keyid=\"") else {
                    return header
                }
                return (header.name, String(header.value[..<at.upperBound]) + other + "\";tag=\"emb\"")
            }
        case 7: changed.parts.headers[header].name = mutate(request.parts.headers[header].name)
        default: changed.parts.headers[header].value = mutate(request.parts.headers[header].value)
        }
        return changed
    }
}
