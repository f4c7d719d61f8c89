public import Model

/// The whole fleet at one moment, for whoever draws or judges it.
public struct FleetSnapshot: Sendable {
    /// A cluster's row and what is known of it.
    public struct Cluster: Sendable {
        /// The row's number.
        public var number: Int32
        /// The unique name.
        public var name: String
        /// An operator works on it until then.
        public var maintenanceUntil: Timestamp?
        /// What its agents say.
        public var observation: ClusterObservation
        /// Its agents that are not revoked, by node.
        public var agents: [AgentRecord]
    }

    /// By name.
    public var clusters: [Cluster]
    /// Since when this process listens to agents.
    public var listeningSince: Timestamp
}
