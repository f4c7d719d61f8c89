import AgentProtocol
import Cryptography
import Fleet
import FrameCodec
import Ingest
import MessageSignatures
import Model
import TestSupport

/// An agent as it is on a host: a key, a stream, and requests signed as docs/agent-protocol.md says.
struct TestAgent {
    let key: Ed25519PrivateKey
    let id: AgentID
    let node: String
    let clock: ManualWallClock
    private var encoder: StreamEncoder
    private var sequence: UInt64 = 0
    let epoch: UInt64
    private var board = SampleBoard()

    /// Enrols `node` into `cluster` and begins a stream of one etcd source.
    init(_ node: String, in fleet: FleetService, cluster: String = "prod", clock: ManualWallClock) async throws {
        self.node = node
        self.clock = clock
        key = try Ed25519PrivateKey.generate()
        let token = try await fleet.makeEnrolmentToken(cluster: cluster, replacesNode: node, by: "test")
        let outcome = try await fleet.enrol(
            Enrolment(token: token.secret, node: node, publicKey: key.publicKey.raw, agentVersion: "1.0"))
        id = outcome.agent.id
        epoch = SecureRandom.uint64() >> 1 | 1
        encoder = StreamEncoder(
            agent: id,
            sources: [SourceDescriptor(kind: .etcd, name: "m1", port: 2379, interval: .seconds(5))])
    }

    /// The next tick: one counter, and `state` if it is new. `startsSegment` says everything anew.
    mutating func batch(
        at time: Timestamp? = nil, state: MemberState? = nil, skipping skipped: UInt64 = 0, startsSegment: Bool = false
    ) throws -> EncodedBatch {
        sequence += 1 + skipped
        let time = time ?? clock.now
        encoder.begin(
            BatchSlot(epoch: epoch, sequence: sequence, startsSegment: startsSegment || sequence == 1), madeAt: time)
        board.begin()
        board.set("ticks_total", to: Double(sequence), .counter, help: "Ticks.")
        board.set("up", to: 1, .gauge, help: "Whether the target answered.")
        board.end()
        encoder.add(board, source: 0, at: time)
        if let state { encoder.add(state: state.json, source: 0) }
        return try encoder.finish()
    }

    /// A question what the ledger lacks of `held`.
    func question(_ held: [SequenceRange], key: Ed25519PrivateKey? = nil) throws -> UploadRequest {
        let body = LedgerQuestion(held: held).json
        var parts = RequestParts(
            method: "POST", scheme: "https", authority: "aggregator:8379", target: AgentProtocol.ledgerPath,
            headers: [
                (name: "Content-Type", value: AgentProtocol.jsonMediaType),
                (name: "Content-Digest", value: ContentDigest.sha256(body)),
            ])
        let fields = try MessageSigner(key: key ?? self.key).sign(
            parts,
            SignatureParameters(
                components: AgentProtocol.ledgerComponents, created: clock.now.milliseconds / 1000,
                keyID: id.description, tag: AgentProtocol.ledgerTag))
        parts.headers += [(name: "Signature-Input", value: fields.input), (name: "Signature", value: fields.signature)]
        return UploadRequest(parts: parts, body: body, peer: "192.0.2.1")
    }

    /// What is posted for `body`, signed now with the agent's key unless told otherwise.
    func request(
        _ body: [UInt8], key: Ed25519PrivateKey? = nil, keyID: String? = nil, created: Timestamp? = nil,
        components: [String] = AgentProtocol.batchComponents, sending sent: [UInt8]? = nil
    ) throws -> UploadRequest {
        var headers = [
            (name: "Content-Type", value: AgentProtocol.batchMediaType),
            (name: "Content-Encoding", value: AgentProtocol.batchContentEncoding),
            (name: "Content-Digest", value: ContentDigest.sha256(body)),
        ]
        var parts = RequestParts(
            method: "POST", scheme: "https", authority: "aggregator:8379", target: AgentProtocol.batchesPath,
            headers: headers)
        let fields = try MessageSigner(key: key ?? self.key).sign(
            parts,
            SignatureParameters(
                components: components, created: (created ?? clock.now).milliseconds / 1000,
                keyID: keyID ?? id.description, tag: AgentProtocol.batchTag))
        headers.append((name: "Signature-Input", value: fields.input))
        headers.append((name: "Signature", value: fields.signature))
        parts.headers = headers
        return UploadRequest(parts: parts, body: sent ?? body, peer: "192.0.2.1")
    }
}
