/// Why our own PostgreSQL cannot run. Messages are for the operator and say what to do.
public struct EmbeddedPostgresError: Error, Sendable, CustomStringConvertible {
    /// What kind of obstacle.
    public enum Code: String, Sendable {
        /// The aggregator runs as root.
        case root
        /// No usable PostgreSQL is installed.
        case notInstalled
        /// The files belong to another major version.
        case otherVersion
        /// Another aggregator uses the directory.
        case inUse
        /// The directory cannot be made or written.
        case directory
        /// `initdb` failed.
        case cannotInitialise
        /// The server does not start.
        case cannotStart
        /// One of PostgreSQL's tools failed.
        case tool
    }

    /// What kind of obstacle.
    public var code: Code
    /// What was found, and what to do.
    public var message: String

    /// The obstacle `code`.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
