internal import Cryptography
internal import JSON
public import Model

/// What a new agent asks with. The request is signed with the private half of `publicKey`: proof that it has it.
public struct EnrolmentRequest: Hashable, Sendable {
    /// `emt_` and 32 random bytes in base64url; works once.
    public var token: String
    /// What the host is called from now on.
    public var node: String
    /// Ed25519, 32 bytes.
    public var publicKey: [UInt8]
    /// For the record.
    public var agentVersion: String

    /// A request.
    public init(token: String, node: String, publicKey: [UInt8], agentVersion: String) {
        self.token = token
        self.node = node
        self.publicKey = publicKey
        self.agentVersion = agentVersion
    }

    /// The body to send.
    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.member("token", token)
            $0.member("node", node)
            $0.member("publicKey", Base64.encode(publicKey))
            $0.member("agentVersion", agentVersion)
        }
        return writer.bytes
    }

    /// Reads a body.
    ///
    /// - Throws: also for a node that is no host name, and a key that is not 32 bytes.
    public init(json: [UInt8]) throws(ProtocolError) {
        let message = try MessageReader(json, "the enrolment request")
        let node = try message.text("node")
        guard Self.isNode(node) else { throw message.bad("node") }
        guard let key = Base64.decode(try message.text("publicKey")), key.count == 32 else {
            throw message.bad("publicKey")
        }
        let token = try message.text("token")
        guard token.utf8.count <= 128 else { throw message.bad("token") }
        let version = try message.text("agentVersion")
        guard version.utf8.count <= 64 else { throw message.bad("agentVersion") }
        self.init(token: token, node: node, publicKey: key, agentVersion: version)
    }

    /// Whether `name` can be a node: 1 to 253 letters, digits, dots, hyphens and underscores, not at the edges a dot or
    /// a hyphen.
    public static func isNode(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard 1...253 ~= bytes.count, let first = bytes.first, let last = bytes.last else { return false }
        let isEdge = { (byte: UInt8) in byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") }
        return !isEdge(first) && !isEdge(last)
            && bytes.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}

/// What an enrolled agent is told.
public struct EnrolmentResponse: Hashable, Sendable {
    /// Its id from now on.
    public var agentID: AgentID
    /// The cluster that the token was made for.
    public var cluster: String
    /// The node as it was recorded.
    public var node: String
    /// What orders of this installation are verified with: Ed25519, 32 bytes. Without it the agent takes no orders.
    public var commandKey: [UInt8]?

    /// An answer.
    public init(agentID: AgentID, cluster: String, node: String, commandKey: [UInt8]? = nil) {
        self.agentID = agentID
        self.cluster = cluster
        self.node = node
        self.commandKey = commandKey
    }

    /// The body to send.
    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.member("agentID", agentID.description)
            $0.member("cluster", cluster)
            $0.member("node", node)
            if let commandKey { $0.member("commandKey", Base64.encode(commandKey)) }
        }
        return writer.bytes
    }

    /// Reads a body.
    public init(json: [UInt8]) throws(ProtocolError) {
        let message = try MessageReader(json, "the enrolment response")
        guard let agentID = AgentID(try message.text("agentID")) else { throw message.bad("agentID") }
        var key: [UInt8]?
        if let text = message.optionalText("commandKey") {
            guard let bytes = Base64.decode(text), bytes.count == 32 else { throw message.bad("commandKey") }
            key = bytes
        }
        self.init(
            agentID: agentID, cluster: try message.text("cluster"), node: try message.text("node"), commandKey: key)
    }
}
