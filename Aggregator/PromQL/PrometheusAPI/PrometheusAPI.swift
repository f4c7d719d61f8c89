public import JSON
public import Model
public import SeriesQuery

/// Prometheus's HTTP API as functions: form parameters in, status and JSON out. Whoever serves it reads the form
/// (query string, and body of a POST), checks who asks, and sends the answer.
public struct PrometheusAPI: Sendable {
    /// A status and a JSON body.
    public struct Answer: Hashable, Sendable {
        /// HTTP's status.
        public var status: Int
        /// `application/json`.
        public var body: [UInt8]
    }

    let engine: PromQLEngine
    let version: String
    let clock: WallClock

    /// When the process started, and how long it keeps samples: for `status/runtimeinfo`.
    let startedAt: Timestamp
    let retention: Duration

    /// The API over `source`.
    /// - Parameters:
    ///   - version: what `status/buildinfo` tells.
    ///   - startedAt, retention: what `status/runtimeinfo` tells.
    public init(
        source: any SeriesSource, options: EngineOptions = EngineOptions(), version: String = "dev",
        startedAt: Timestamp = Timestamp(milliseconds: 0), retention: Duration = .zero, clock: WallClock = .system
    ) {
        engine = PromQLEngine(source: source, options: options)
        self.version = version
        self.startedAt = startedAt
        self.retention = retention
        self.clock = clock
    }

    /// The answer to `path`, the part behind `/api/v1/` with percent escapes removed: `query`, `label/job/values`.
    public func answer(_ path: String, _ form: FormParameters) async -> Answer {
        do throws(QueryError) {
            let parts = path.split(separator: "/").map(String.init)
            switch parts.count {
            case 1: return try await answer(to: parts[0], form) ?? Self.notFound
            case 2 where parts[0] == "status": return try await status(parts[1], form) ?? Self.notFound
            case 3 where parts[0] == "label" && parts[2] == "values": return try await labelValues(parts[1], form)
            default: return Self.notFound
            }
        } catch {
            return Self.failure(error)
        }
    }

    private func answer(to name: String, _ form: FormParameters) async throws(QueryError) -> Answer? {
        switch name {
        case "query": try await query(form)
        case "query_range": try await queryRange(form)
        case "series": try await series(form)
        case "labels": try await labelNames(form)
        case "metadata": try await metadata(form)
        case "format_query": try formatQuery(form)
        case "parse_query": try parseQuery(form)
        case "targets": try await targets(form)
        // No Alertmanager is sent to: the aggregator delivers alerts itself.
        case "alertmanagers":
            Self.success { $0.object { Self.emptyLists(["activeAlertmanagers", "droppedAlertmanagers"], in: &$0) } }
        // Exemplars are not stored; Grafana asks anyway.
        case "query_exemplars": Self.success { $0.array { _ in } }
        default: nil
        }
    }

    func asking<T>(_ question: () async throws -> T) async throws(QueryError) -> T {
        do {
            return try await question()
        } catch is CancellationError {
            throw QueryError(.canceled, "request was canceled")
        } catch {
            throw QueryError(.execution, "\(error)")
        }
    }

    // MARK: Answers

    static let notFound = Answer(status: 404, body: error("not_found", "no such endpoint"))

    /// A member with an empty list for each of `names`.
    static func emptyLists(_ names: [String], in json: inout JSONWriter) {
        for name in names {
            json.key(name)
            json.array { _ in }
        }
    }

    /// `data`, written by `data`, as a success.
    public static func success(
        warnings: [String] = [], infos: [String] = [], reserving capacity: Int = 1024,
        _ data: (inout JSONWriter) -> Void
    ) -> Answer {
        var json = JSONWriter(reserving: capacity)
        json.object {
            $0.member("status", "success")
            $0.key("data")
            data(&$0)
            for (name, messages) in [("warnings", warnings), ("infos", infos)] where !messages.isEmpty {
                $0.key(name)
                $0.array { for message in messages { $0.string(message) } }
            }
        }
        return Answer(status: 200, body: json.bytes)
    }

    /// Prometheus's status for each kind of error.
    public static func failure(_ failure: QueryError) -> Answer {
        let status =
            switch failure.kind {
            case .badData: 400
            case .execution: 422
            case .timeout: 503
            case .canceled: 499
            case .internal: 500
            }
        return Answer(status: status, body: error(failure.kind.rawValue, failure.message))
    }

    private static func error(_ type: String, _ message: String) -> [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.member("status", "error")
            $0.member("errorType", type)
            $0.member("error", message)
        }
        return json.bytes
    }
}
