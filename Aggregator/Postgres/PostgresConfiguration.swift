/// How to reach a database, and how long to wait for it.
public struct PostgresConfiguration: Sendable {
    /// A `postgresql://` URL or a libpq keyword string. What it says of `connect_timeout` and `application_name` wins.
    public var connectionString: String
    /// Most connections at one time: each may hold one thread.
    public var connections = 8
    /// How long a caller waits for a connection, restarts of the server included.
    public var acquireTimeout: Duration = .seconds(10)
    /// How long one attempt to connect may take; libpq counts whole seconds, 2 or more.
    public var connectTimeout: Duration = .seconds(5)
    /// The server ends a statement that runs longer.
    public var statementTimeout: Duration = .seconds(30)
    /// Shown by `pg_stat_activity`.
    public var applicationName = "etcd-monitor"

    /// The database at `connectionString`, with the limits that fit an aggregator.
    public init(_ connectionString: String) {
        self.connectionString = connectionString
    }
}

/// What a transaction may see of others; PostgreSQL's names.
public enum IsolationLevel: String, Sendable {
    case readCommitted = "read committed"
    case repeatableRead = "repeatable read"
    case serializable
}
