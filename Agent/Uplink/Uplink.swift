// The agent's way to its aggregator: identity on disk, enrolment, and the sender that takes batches out of the spool,
// signs them and posts them until they are acknowledged. Leaves what is in a batch to FrameCodec, keeping it to Spool,
// and curl to HTTPClient.

internal import AgentProtocol
public import Cryptography
public import HTTPClient
internal import MessageSignatures
public import Model

/// Makes signed requests; as lean as they can be, since one goes out every few seconds from every host.
public struct RequestSigner: Sendable {
    private let signer: MessageSigner

    /// Signs with `key`.
    public init(key: Ed25519PrivateKey) {
        signer = MessageSigner(key: key, label: AgentProtocol.signatureLabel)
    }

    /// A batch of `agent`, signed at `created`.
    public func batch(
        _ body: [UInt8], to aggregator: String, of agent: AgentID, created: Timestamp
    ) throws(UplinkError) -> HTTPRequest {
        let headers = [
            (name: "Content-Type", value: AgentProtocol.batchMediaType),
            (name: "Content-Encoding", value: AgentProtocol.batchContentEncoding),
        ]
        return try request(
            aggregator + AgentProtocol.batchesPath, headers, body, AgentProtocol.batchComponents,
            keyID: agent.description, tag: AgentProtocol.batchTag, created)
    }

    /// A question of `agent` about the ledger, signed at `created`.
    func ledger(
        _ question: LedgerQuestion, to aggregator: String, of agent: AgentID, created: Timestamp
    ) throws(UplinkError) -> HTTPRequest {
        try request(
            aggregator + AgentProtocol.ledgerPath, Self.jsonHeaders, question.json, AgentProtocol.ledgerComponents,
            keyID: agent.description, tag: AgentProtocol.ledgerTag, created)
    }

    /// A question of `agent` about orders, signed at `created`.
    func commands(
        _ question: CommandQuestion, to aggregator: String, of agent: AgentID, created: Timestamp
    ) throws(UplinkError) -> HTTPRequest {
        try request(
            aggregator + AgentProtocol.commandsPath, Self.jsonHeaders, question.json, AgentProtocol.ledgerComponents,
            keyID: agent.description, tag: AgentProtocol.commandsTag, created)
    }

    /// A request to be enrolled, signed at `created`.
    func enrolment(_ body: [UInt8], to aggregator: String, created: Timestamp) throws(UplinkError) -> HTTPRequest {
        try request(
            aggregator + AgentProtocol.enrolmentPath, Self.jsonHeaders, body, AgentProtocol.enrolmentComponents,
            keyID: AgentProtocol.enrolmentKeyID, tag: AgentProtocol.enrolmentTag, created)
    }

    private static let jsonHeaders = [(name: "Content-Type", value: AgentProtocol.jsonMediaType)]

    private func request(
        _ url: String, _ headers: [(name: String, value: String)], _ body: [UInt8], _ components: [String],
        keyID: String, tag: String, _ created: Timestamp
    ) throws(UplinkError) -> HTTPRequest {
        let headers = headers + [(name: "Content-Digest", value: ContentDigest.sha256(body))]
        let parameters = SignatureParameters(
            components: components, created: created.milliseconds / 1000, keyID: keyID, tag: tag)
        do throws(MessageSignatureError) {
            let parts = try RequestParts(method: "POST", url: url, headers: headers)
            let fields = try signer.sign(parts, parameters)
            return HTTPRequest(
                "POST", url,
                headers: headers + [("Signature-Input", fields.input), ("Signature", fields.signature)], body: body,
                maximumBodyBytes: AgentProtocol.ledgerBodyLimit)
        } catch {
            throw UplinkError(.identity, "\(url): cannot sign: \(error)", cause: error)
        }
    }
}
