public import Model

/// What an agent asks for when it enrols; proof of possession of the key has been checked by the caller.
public struct Enrolment: Sendable {
    /// The one-time token.
    public var token: String
    /// The host's name.
    public var node: String
    /// Ed25519, 32 bytes.
    public var publicKey: [UInt8]
    /// Of the agent's program.
    public var agentVersion: String

    /// The wish of `node` to be enrolled.
    public init(token: String, node: String, publicKey: [UInt8], agentVersion: String) {
        self.token = token
        self.node = node
        self.publicKey = publicKey
        self.agentVersion = agentVersion
    }
}

/// What enrolling made.
public struct EnrolmentOutcome: Sendable {
    /// The new agent.
    public var agent: AgentRecord
    /// The agent whose place it took, revoked now.
    public var replaced: AgentID?
}
