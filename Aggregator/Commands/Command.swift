// What people ask hosts to do: kept in the database, handed out one at a time where a cluster can bear it, followed,
// cancelled, and compared over time. Signs orders; leaves who may ask to Access and API, how orders travel to Ingest and
// API, and doing them to the agents.

public import JSON
public import Model

/// One thing that one host was asked to do.
public struct Command: Sendable {
    /// Where it is.
    public enum State: String, Sendable, CaseIterable {
        /// Waits until the cluster can bear it and its agent asks.
        case queued
        /// The agent was told, and has not said that it began.
        case sent
        case running
        case done
        /// The host's own policy, or its state, forbade it.
        case refused
        case failed
        case cancelled
        /// Its time passed before it began.
        case expired

        /// Whether nothing more will come.
        public var isFinal: Bool { ![.queued, .sent, .running].contains(self) }
    }

    /// The row.
    public var number: Int64
    /// 32 hex digits.
    public var id: String
    public var cluster: String
    public var node: String
    public var agent: AgentID
    /// `disk-check`.
    public var kind: String
    public var arguments: JSONValue
    public var requestedBy: String
    public var requestedAt: Timestamp
    /// Begins before this, or never.
    public var expiresAt: Timestamp
    public var state: State
    /// 0…1.
    public var progress: Double
    /// What it does, or why it ended so.
    public var words: String
    public var isCancelled: Bool
    public var startedAt: Timestamp?
    public var finishedAt: Timestamp?
    /// JSON, once it is done.
    public var result: JSONValue?
}

/// Why something was not asked of a host.
public struct CommandError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        case notFound = "not-found"
        /// The cluster cannot bear it now, or it is over already.
        case conflict
        case invalid
    }

    public var code: Code
    public var message: String
    public var description: String { message }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
