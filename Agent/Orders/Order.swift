// Orders of the aggregator: verified, checked against what this host allows, run once, reported, cancelled. Opens no
// connection (they are announced in answers to batches), and leaves what an order does to those who are given to the
// desk.

public import JSON

/// Something that can be ordered.
public protocol OrderKind: Sendable {
    /// As an order and the host's policy call it: `disk-check`.
    var name: String { get }

    /// Does it; cancelled when it is no longer wanted, and then back within two seconds.
    ///
    /// - Parameter onProgress: 0…1, and a few words.
    /// - Returns: JSON, at most `CommandQuestion.resultLimit` bytes.
    /// - Throws: `OrderFailure` with words for a person.
    func run(
        _ arguments: JSONValue, onProgress: @escaping @Sendable (Double, String) -> Void
    ) async throws -> [UInt8]
}

/// Why an order was not carried out.
public struct OrderFailure: Error, Sendable, CustomStringConvertible {
    /// Whether it was not even begun, as this host is not fit for it now.
    public var isRefusal: Bool
    /// What happened and what to do.
    public var description: String

    /// A failure.
    public init(_ description: String, isRefusal: Bool = false) {
        self.description = description
        self.isRefusal = isRefusal
    }
}
