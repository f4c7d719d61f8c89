public import Model
public import SeriesQuery

/// The parameters of a request, in the order they came; a name may come more than once.
public struct FormParameters: Sendable {
    private let pairs: [(name: String, value: String)]

    /// The parameters `pairs`, decoded.
    public init(_ pairs: [(name: String, value: String)]) {
        self.pairs = pairs
    }

    /// The first value of `name` that is not empty.
    public subscript(name: String) -> String? {
        pairs.first { $0.name == name && !$0.value.isEmpty }?.value
    }

    /// All values of `name`.
    public func all(_ name: String) -> [String] {
        pairs.filter { $0.name == name }.map(\.value)
    }

    func query() throws(QueryError) -> String {
        guard let query = self["query"] else {
            throw QueryError(.badData, "invalid parameter \"query\": parse error: no expression found in input")
        }
        return query
    }

    /// An instant: seconds since the epoch, or RFC 3339.
    func time(_ name: String, default fallback: Timestamp? = nil) throws(QueryError) -> Timestamp {
        guard let text = self[name] else {
            if let fallback { return fallback }
            throw QueryError(.badData, "invalid parameter \(quoted(name)): cannot parse \"\" to a valid timestamp")
        }
        guard let time = TimeText.instant(text) else {
            throw QueryError(
                .badData, "invalid parameter \(quoted(name)): cannot parse \(quoted(text)) to a valid timestamp")
        }
        return time
    }

    /// A length of time: seconds, or `5m`; nil if there is none.
    func duration(_ name: String) throws(QueryError) -> Duration? {
        guard let text = self[name] else { return nil }
        guard let duration = TimeText.duration(text) else {
            throw QueryError(
                .badData, "invalid parameter \(quoted(name)): cannot parse \(quoted(text)) to a valid duration")
        }
        return duration
    }

    /// How many results are wanted at most; 0, or none given: all.
    func limit(_ name: String = "limit") throws(QueryError) -> Int {
        guard let text = self[name] else { return 0 }
        guard let limit = Int(text), limit >= 0 else {
            throw QueryError(.badData, "invalid parameter \(quoted(name)): limit must be a non-negative number")
        }
        return limit
    }

    /// The series of `match[]`, between `start` and `end`; without any, one selection of everything.
    public func selections(now: Timestamp) throws(QueryError) -> [SeriesSelection] {
        let start = try time("start", default: Timestamp(milliseconds: 0))
        let end = try time("end", default: now)
        guard end >= start else {
            throw QueryError(.badData, "invalid parameter \"end\": end timestamp must not be before start time")
        }
        var selections: [SeriesSelection] = []
        for text in all("match[]") {
            selections.append(SeriesSelection(matchers: try Self.matchers(text), start: start, end: end))
        }
        return selections.isEmpty ? [SeriesSelection(matchers: [], start: start, end: end)] : selections
    }

    /// The conditions of a series selector.
    ///
    /// - Throws: `.badData` for what is no selector, or has a range, an offset or a time.
    public static func matchers(_ text: String) throws(QueryError) -> [LabelMatcher] {
        let query: Query
        do throws(QueryError) {
            query = try Query(text)
        } catch {
            throw QueryError(.badData, "invalid parameter \"match[]\": \(error.message)", at: error.position)
        }
        guard case .selector(let node) = query.expression, node.offset == 0, node.at == nil else {
            throw QueryError(.badData, "invalid parameter \"match[]\": \(quoted(text)) is not a series selector")
        }
        return node.matchers
    }
}
