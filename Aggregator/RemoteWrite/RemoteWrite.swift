// Prometheus's remote-write 1.0, in both directions: requests of others become series of the store, and what the store
// receives goes on to others. Knows the wire (protobuf in snappy's block format) and how much one request may hold;
// leaves storing to SeriesStore and who may send to API.

/// Why a request was not taken, or could not be made.
public struct RemoteWriteError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure; tells a sender whether to try again.
    public enum Code: String, Sendable {
        /// It is not what it says it is: trying again will not help.
        case malformed
        /// It holds more than is taken at once: smaller requests will help.
        case tooLarge
        /// Some of it cannot be stored, such as samples that are too old; the rest was.
        case refused
        /// There is no room for it now.
        case busy
    }

    /// What kind of failure.
    public var code: Code
    /// For the sender's operator.
    public var message: String

    /// A failure.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
