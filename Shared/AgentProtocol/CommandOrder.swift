public import Cryptography
public import JSON
public import Model

/// What one agent is asked to do, once, before a moment.
public struct CommandOrder: Sendable {
    /// Who is to do it.
    public var agent: AgentID
    /// The epoch of its spool when it asked: an order for a run before does not count.
    public var epoch: UInt64
    /// 32 hex digits, never used twice.
    public var id: String
    /// `disk-check`.
    public var kind: String
    /// What the kind needs.
    public var arguments: JSONValue
    /// Begins before this, by the aggregator's clock, or never.
    public var expires: Timestamp

    /// An order.
    public init(
        agent: AgentID, epoch: UInt64, id: String, kind: String, arguments: JSONValue, expires: Timestamp
    ) {
        self.agent = agent
        self.epoch = epoch
        self.id = id
        self.kind = kind
        self.arguments = arguments
        self.expires = expires
    }

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.member("agent", agent.description)
            // 64 bits do not fit a JSON number.
            $0.member("epoch", "\(epoch)")
            $0.member("id", id)
            $0.member("kind", kind)
            $0.member("arguments", arguments)
            $0.member("expires", expires.milliseconds)
        }
        return writer.bytes
    }

    init(json: [UInt8]) throws(ProtocolError) {
        let message = try MessageReader(json, "an order")
        guard let agent = AgentID(try message.text("agent")) else { throw message.bad("agent") }
        guard let epoch = message.unsigned("epoch") else { throw message.bad("epoch") }
        guard let expires = message.integer("expires") else { throw message.bad("expires") }
        let id = try message.text("id")
        guard Self.isID(id) else { throw message.bad("id") }
        self.init(
            agent: agent, epoch: epoch, id: id, kind: try message.text("kind"),
            arguments: message.value["arguments"] ?? .null, expires: Timestamp(milliseconds: expires))
    }

    /// 32 lower-case hex digits: it becomes a file's name and a row's key.
    static func isID(_ text: String) -> Bool {
        text.utf8.count == 32 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

/// An order with the signature of the installation's command-signing key.
public struct SignedOrder: Hashable, Sendable {
    /// The order's JSON, byte by byte as it was signed.
    public var body: [UInt8]
    /// Ed25519, 64 bytes.
    public var signature: [UInt8]

    /// Stands before the body when it is signed: a signature made for something else is none.
    private static let purpose = Array("etcd-monitor order\n".utf8)

    init(body: [UInt8], signature: [UInt8]) {
        self.body = body
        self.signature = signature
    }

    /// Signs `order`.
    public init(_ order: CommandOrder, with key: Ed25519PrivateKey) throws(CryptographyError) {
        body = order.json
        signature = try key.sign(Self.purpose + body)
    }

    /// The order, if `key` signed it.
    public func verified(with key: Ed25519PublicKey) throws(ProtocolError) -> CommandOrder {
        guard key.isValid(signature: signature, for: Self.purpose + body) else {
            throw ProtocolError(code: .badMember, message: "the order is not signed by this installation's key")
        }
        return try CommandOrder(json: body)
    }
}
