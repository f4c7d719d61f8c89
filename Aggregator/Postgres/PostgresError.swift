/// What went wrong between us and the database.
public struct PostgresError: Error, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// What kind of failure.
    public enum Code: String, Sendable {
        /// No connection could be opened.
        case cannotConnect = "cannot connect"
        /// The connection broke; whether the statement took effect is unknown.
        case connectionLost = "connection lost"
        /// All connections were in use until the deadline.
        case poolExhausted = "pool exhausted"
        /// The pool is closed.
        case poolClosed = "pool closed"
        /// The server refused the statement; see `sqlState`.
        case statement = "statement refused"
        /// A column is missing, NULL, or of another type.
        case decoding = "decoding"
        /// A migration cannot be applied.
        case migration = "migration"
    }

    /// What kind of failure.
    public var code: Code
    /// What the server or libpq said, complete: may contain SQL and values.
    public var message: String
    /// Five characters, `23505` for a unique violation; nil if the server did not answer.
    public var sqlState: String?
    /// The constraint that was violated.
    public var constraint: String?
    /// The server's DETAIL and HINT.
    public var detail: String?
    /// The text of the statement, without values.
    public var statement: String?

    /// A failure of kind `code`.
    public init(_ code: Code, _ message: String, sqlState: String? = nil) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
    }

    /// Safe for anyone: no SQL, no values.
    public var description: String {
        switch code {
        case .cannotConnect: "cannot connect to the database" + state
        case .connectionLost: "the connection to the database broke" + state
        case .poolExhausted, .poolClosed, .migration: message
        case .statement: "the database refused a statement" + state
        case .decoding: "the database's answer could not be read"
        }
    }

    private var state: String {
        sqlState.map { " (SQLSTATE \($0)\(Self.names[$0].map { ", \($0)" } ?? ""))" } ?? ""
    }

    /// Everything known, for the log.
    public var debugDescription: String {
        var result = "\(code.rawValue)\(state): \(message)"
        if let constraint { result += "; constraint \(constraint)" }
        if let detail { result += "; \(detail)" }
        if let statement { result += "; statement: \(statement)" }
        return result
    }

    private static let names = [
        "22P02": "malformed value", "23502": "missing value", "23503": "foreign key violation",
        "23505": "unique violation", "23514": "check violation", "25006": "read-only server",
        "28P01": "wrong password", "28000": "login refused", "3D000": "no such database",
        "40001": "serialization failure",
        "40P01": "deadlock", "42501": "permission denied", "53100": "disk full", "53300": "too many connections",
        "55P03": "lock not available", "57014": "statement cancelled or timed out", "57P01": "server is stopping",
        "57P03": "server is starting or stopping", "42P01": "no such table", "42703": "no such column",
    ]
}

extension PostgresError {
    /// A row with this key exists.
    public var isUniqueViolation: Bool { sqlState == "23505" }

    /// The row that this one refers to does not exist, or others refer to it.
    public var isForeignKeyViolation: Bool { sqlState == "23503" }

    /// The transaction lost against another one and may be run again.
    public var isRetryable: Bool { sqlState == "40001" || sqlState == "40P01" }

    /// The statement ran longer than `statementTimeout`, or was cancelled.
    public var isTimeout: Bool { sqlState == "57014" }

    /// The server cannot be reached or does not take work now; later it may.
    public var isTransient: Bool {
        switch code {
        case .connectionLost, .poolExhausted: true
        case .cannotConnect: sqlState.map { $0.hasPrefix("57P") || $0.hasPrefix("53") || $0.hasPrefix("08") } ?? true
        case .statement: sqlState.map { $0.hasPrefix("57P") || $0.hasPrefix("53") || isRetryable } ?? false
        case .poolClosed, .decoding, .migration: false
        }
    }

    static func decoding(_ message: String) -> PostgresError { PostgresError(.decoding, message) }

    static var poolClosed: PostgresError { PostgresError(.poolClosed, "the connection pool is closed") }

    static func poolExhausted(after wait: Duration) -> PostgresError {
        PostgresError(.poolExhausted, "no database connection became free within \(wait)")
    }
}
