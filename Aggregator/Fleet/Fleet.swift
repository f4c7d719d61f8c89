// The fleet: which clusters, nodes and agents there are, what each agent says of its member, what happened. Enrols and
// revokes agents, turns a member's changes of state into events, and keeps all of it in PostgreSQL with a snapshot in
// memory. Leaves samples to SeriesStore, what a state means for health to FleetHealth, and signatures to Ingest.

/// Why the fleet refused, in words for an operator.
public struct FleetError: Error, CustomStringConvertible, Sendable {
    /// What callers switch on.
    public enum Code: String, Sendable {
        /// No such enrolment token.
        case tokenUnknown = "unknown-token"
        /// The token has enrolled an agent already.
        case tokenUsed = "used-token"
        /// The token's time is over.
        case tokenExpired = "expired-token"
        /// The node has an agent, and the token does not say that it may replace it.
        case nodeTaken = "node-taken"
        /// The token replaces another node.
        case wrongNode = "wrong-node"
        /// The key belongs to another agent.
        case keyTaken = "key-taken"
        /// A name outside its alphabet.
        case badName = "bad-name"
        /// No such cluster, node or agent.
        case notFound = "not-found"
    }

    /// The reason.
    public var code: Code
    /// What was tried, and what to do.
    public var message: String

    /// The refusal `code`, explained by `message`.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
