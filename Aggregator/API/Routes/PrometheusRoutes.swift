internal import Access
internal import Fleet
internal import Hummingbird
internal import Model
internal import NIOCore
internal import PromQL
internal import SeriesQuery

/// Prometheus's HTTP API, in Prometheus's own JSON, so that Grafana and promtool can ask. Who may not see every cluster
/// is answered from the series of those that he may.
struct PrometheusRoutes: Sendable {
    let services: APIServices
    let limits: APILimits
    let gate: QueryGate

    /// Below it a client may say who he is by HTTP's basic authentication.
    static let root = "/prometheus/"
    private static let prefix = "\(root)api/v1/"

    var routes: [Route] { queries + metadata + rules + status + health }

    private static let query: Operation.Parameter = .required("query", "PromQL.")
    private static let limit: Operation.Parameter = .query("limit", "At most so many; 0 for all.", type: "integer")
    private static let range: [Operation.Parameter] = [
        .query("start", "First instant: seconds since the epoch or RFC 3339."), .query("end", "Last instant."),
    ]
    private static let match: Operation.Parameter = .query("match[]", "Series selectors.")

    private var queries: [Route] {
        let options: [Operation.Parameter] = [
            .query("timeout", "Seconds or a duration; never more than the server allows."),
            .query("lookback_delta", "How far back an instant selector looks."), Self.limit,
        ]
        return both(
            "query", "query", "The value of a PromQL query at an instant.",
            [Self.query, .query("time", "Seconds since the epoch or RFC 3339; now if not given.")] + options)
            + both(
                "query_range", "queryRange", "The values of a PromQL query over time.",
                [Self.query] + Self.range + [.required("step", "Seconds or a duration.")] + options)
            + both(
                "query_exemplars", "exemplars", "None are stored; Grafana asks anyway.", [Self.query] + Self.range)
            + both("format_query", "formatQuery", "The query, laid out.", [Self.query])
            + both("parse_query", "parseQuery", "The query's syntax tree.", [Self.query])
    }

    private var metadata: [Route] {
        both("series", "series", "Label sets of series.", [Self.match] + Self.range + [Self.limit])
            + both("labels", "labelNames", "Names of labels.", [Self.match] + Self.range + [Self.limit])
            + one(
                "label/{name}/values", "labelValues", "Values of a label.", [Self.match] + Self.range + [Self.limit])
            + one(
                "metadata", "metadata", "TYPE and HELP of metrics.",
                [.query("metric", "Only this metric."), Self.limit])
            + one(
                "targets", "targets", "What is scraped, and how that goes.",
                [.query("state", "active, dropped or any."), .query("scrapePool", "Only of this job.")])
    }

    private var rules: [Route] {
        [
            route(
                .get, "rules", "prometheusRules", "Rules and how they go.",
                [
                    .query("type", "alert or record."), .query("rule_name[]", "Only these rules."),
                    .query("rule_group[]", "Only these groups."), .query("file[]", "Only these files."),
                    .query("exclude_alerts", "true: without the alerts of each rule."),
                ], handler: answerRules),
            route(.get, "alerts", "prometheusAlerts", "Alerts that are pending or firing.", [], handler: answerAlerts),
        ] + one("alertmanagers", "alertmanagers", "None: the aggregator delivers alerts itself.", [])
    }

    private var status: [Route] {
        one(
            "status/{kind}", "status", "About the server: buildinfo, runtimeinfo, config, flags, tsdb, walreplay.",
            [Self.limit])
    }

    private var health: [Route] {
        [("healthy", "Healthy"), ("ready", "Ready")].map { word, name in
            Route(
                .get, "\(Self.root)-/\(word)", .open,
                Operation(
                    "prometheus\(name)", tag: "prometheus", "Always 200; `/health` tells more.", mediaType: "text/plain"
                ),
                handler: { _, _ in
                    let text = "Prometheus Server is \(name).\n"
                    return Response(
                        status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
                        body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
                })
        }
    }

    private func both(
        _ path: String, _ id: String, _ summary: String, _ parameters: [Operation.Parameter]
    ) -> [Route] {
        one(path, id, summary, parameters) + [route(.post, path, "\(id)ByForm", "\(summary) Parameters in a form.", [])]
    }

    private func one(
        _ path: String, _ id: String, _ summary: String, _ parameters: [Operation.Parameter]
    ) -> [Route] {
        [route(.get, path, id, summary, parameters)]
    }

    private func route(
        _ method: HTTPRequest.Method, _ path: String, _ id: String, _ summary: String,
        _ parameters: [Operation.Parameter], handler: Route.Handler? = nil
    ) -> Route {
        Route(
            method, Self.prefix + path, .permission(.viewFleet),
            Operation(id, tag: "prometheus", summary, parameters: parameters, answer: "PrometheusAnswer"),
            handler: handler ?? answer)
    }

    @Sendable private func answer(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let api = PrometheusAPI(
            source: services.series(visibleTo: principal), options: services.engine.options,
            version: services.installation.version, startedAt: services.installation.startedAt,
            retention: services.installation.retention, clock: services.clock)
        let path = FormText.decode(request.uri.path.dropFirst(Self.prefix.count))
        let form = try await request.form(upTo: limits.bodyBytes)
        let deadline = services.engine.options.timeout
        let answer = try await context.whileConnected {
            do throws(QueryError) {
                return try await gate.run(within: deadline) { await api.answer(path, form) }
            } catch {
                return PrometheusAPI.failure(error)
            }
        }
        return .prometheus(answer)
    }
}

extension APIServices {
    /// The whole store, or the series of the clusters that `principal` sees.
    func series(visibleTo principal: Principal) -> any SeriesSource {
        guard !Policy.decide(principal, .queryMetrics).isAllowed else { return engine.source }
        return VisibleSeries(source: engine.source, clusters: fleet.clusterNames.filter { principal.sees($0) })
    }
}

extension Request {
    /// The parameters of the query, then those of a form in the body.
    ///
    /// - Throws: 413 for a body of more than `limit` bytes.
    func form(upTo limit: Int) async throws -> FormParameters {
        var pairs = FormText.pairs(of: uri.query ?? "")
        if method == .post {
            pairs += FormText.pairs(of: String(decoding: try await body.bytes(upTo: limit), as: UTF8.self))
        }
        return FormParameters(pairs)
    }
}

/// The series of some clusters only. Series without a cluster belong to the installation, and are left out too.
struct VisibleSeries: SeriesSource {
    let source: any SeriesSource
    let clusters: [String]

    func series(_ selection: SeriesSelection) async throws -> [SampledSeries] {
        clusters.isEmpty ? [] : try await source.series(narrowed(selection))
    }

    func labelSets(_ selections: [SeriesSelection]) async throws -> [Labels] {
        clusters.isEmpty ? [] : try await source.labelSets(selections.map(narrowed))
    }

    func labelCounts(_ selections: [SeriesSelection]) async throws -> LabelCounts {
        clusters.isEmpty ? LabelCounts() : try await source.labelCounts(selections.map(narrowed))
    }

    func metadata(metric: String?) async throws -> [MetricFamily] {
        try await source.metadata(metric: metric)
    }

    private func narrowed(_ selection: SeriesSelection) throws -> SeriesSelection {
        var selection = selection
        // Names of clusters hold nothing that means something in a pattern.
        selection.matchers.append(try .matches("cluster", clusters.joined(separator: "|")))
        return selection
    }
}
