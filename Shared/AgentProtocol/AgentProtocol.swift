// What agent and aggregator say to each other beside numbers: paths, media types, problem codes, enrolment and the
// state of a member, as drawn in docs/agent-protocol.md. Leaves batches to FrameCodec, signing to MessageSignatures
// and transport to HTTPClient and API.

/// The names that both halves must spell alike.
public enum AgentProtocol {
    /// POST: a signed batch. 204, or a problem.
    public static let batchesPath = "/agent/v1/batches"
    /// POST: `LedgerQuestion`, signed. 200 with `LedgerAnswer`, or a problem.
    public static let ledgerPath = "/agent/v1/ledger"
    /// POST: `CommandQuestion`, signed. 200 with `CommandAnswer`, or a problem.
    public static let commandsPath = "/agent/v1/commands"
    /// POST: `EnrolmentRequest`, signed with the new key. 201 with `EnrolmentResponse`, or a problem.
    public static let enrolmentPath = "/agent/v1/enrol"
    /// GET: the CA's certificate in PEM; fetched unverified, believed by its fingerprint.
    public static let certificateAuthorityPath = "/agent/v1/ca"

    /// Content-Type of a batch.
    public static let batchMediaType = "application/vnd.etcd-monitor.batch"
    /// Content-Encoding of a batch.
    public static let batchContentEncoding = "zstd"
    /// Content-Type of JSON.
    public static let jsonMediaType = "application/json"
    /// Content-Type of a problem (RFC 9457).
    public static let problemMediaType = "application/problem+json"
    /// Content-Type of the CA's certificate.
    public static let certificateMediaType = "application/x-pem-file"

    /// Label of the only signature.
    public static let signatureLabel = "s"
    /// `tag` of a batch's signature; its `keyid` is the agent's id. Short: it is sent with every batch.
    public static let batchTag = "emb"
    /// What a batch's signature covers, in this order.
    public static let batchComponents = [
        "@method", "@authority", "@path", "content-digest", "content-type", "content-encoding",
    ]
    /// `tag` of the signature of a question about the ledger; its `keyid` is the agent's id.
    public static let ledgerTag = "etcd-monitor-ledger"
    /// What the signature of a question about the ledger covers, in this order.
    public static let ledgerComponents = ["@method", "@authority", "@path", "content-digest", "content-type"]
    /// Bytes of a question about the ledger.
    public static let ledgerBodyLimit = 128 << 10
    /// `tag` of the signature of a question about orders; its `keyid` is the agent's id. It covers `ledgerComponents`.
    public static let commandsTag = "etcd-monitor-commands"
    /// Bytes of a question about orders.
    public static let commandsBodyLimit = 256 << 10
    /// Header of the answer to a batch, with the value 1: orders or cancellations wait for the agent.
    public static let commandsHeader = "etcd-monitor-orders"
    /// `tag` of an enrolment's signature.
    public static let enrolmentTag = "etcd-monitor-enrol"
    /// `keyid` of an enrolment's signature, before there is an agent's id.
    public static let enrolmentKeyID = "enrol"
    /// What an enrolment's signature covers, in this order.
    public static let enrolmentComponents = ["@method", "@authority", "@path", "content-digest", "content-type"]

    /// How far `created` may be from the aggregator's clock before the answer is `stale-signature`.
    public static let signatureAge: Duration = .seconds(60)
    /// Bytes of a posted body, compressed.
    public static let bodyLimit = 1 << 20
    /// Bytes of a decompressed batch.
    public static let decompressedLimit = 8 << 20
}

/// JSON that is not the message it should be.
public struct ProtocolError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, for a program.
    public enum Code: String, Sendable {
        /// Not JSON.
        case notJSON
        /// JSON, but a member is missing or of another kind.
        case badMember
    }

    /// What is wrong, for a program.
    public var code: Code
    /// What was expected.
    public var message: String

    public var description: String { message }
}
