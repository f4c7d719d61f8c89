public import Model
public import SeriesQuery

/// Evaluates queries over a source. Holds no state: one engine serves everyone at once.
public struct PromQLEngine: Sendable {
    /// Where samples come from.
    public let source: any SeriesSource
    /// Meaning and limits.
    public let options: EngineOptions

    /// An engine over `source`.
    public init(source: any SeriesSource, options: EngineOptions = EngineOptions()) {
        self.source = source
        self.options = options
    }

    /// The value of `query` at an instant.
    public func instant(_ query: String, at time: Timestamp) async throws(QueryError) -> QueryResult {
        try await instant(try Query(query, options: options), at: time)
    }

    /// The values of `query` from `start` to `end` (inclusive) every `step`, always a matrix.
    public func range(
        _ query: String, start: Timestamp, end: Timestamp, step: Duration
    ) async throws(QueryError) -> QueryResult {
        try await range(try Query(query, options: options), start: start, end: end, step: step)
    }

    /// The value of a parsed query at an instant.
    public func instant(_ query: Query, at time: Timestamp) async throws(QueryError) -> QueryResult {
        throw QueryError(.internal, "not implemented")
    }

    /// The values of a parsed query from `start` to `end` (inclusive) every `step`, always a matrix.
    public func range(
        _ query: Query, start: Timestamp, end: Timestamp, step: Duration
    ) async throws(QueryError) -> QueryResult {
        throw QueryError(.internal, "not implemented")
    }
}

/// A query, parsed and type-checked: parse once, evaluate often.
public struct Query: Sendable {
    /// The text it was parsed from.
    public let text: String

    /// Parses `text`.
    /// - Throws: `.badData` with the place.
    public init(_ text: String, options: EngineOptions = EngineOptions()) throws(QueryError) {
        self.text = text
    }
}
