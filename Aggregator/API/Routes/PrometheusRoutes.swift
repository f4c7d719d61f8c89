internal import Access
internal import Fleet
internal import Hummingbird
internal import Model
internal import PromQL
internal import SeriesQuery

/// Prometheus's HTTP API, in Prometheus's own JSON, so that Grafana and promtool can ask. Who may not see every cluster
/// is answered from the series of those that he may.
struct PrometheusRoutes: Sendable {
    let services: APIServices
    let limits: APILimits

    private static let prefix = "/prometheus/api/v1/"

    var routes: [Route] {
        let time: Operation.Parameter = .query("time", "Seconds since the epoch or RFC 3339; now if not given.")
        let range: [Operation.Parameter] = [
            .query("start", "First instant."), .query("end", "Last instant."),
        ]
        let match: Operation.Parameter = .query("match[]", "Series selectors.")
        return both(
            "query", "query", "The value of a PromQL query at an instant.", [.required("query", "PromQL."), time])
            + both(
                "query_range", "queryRange", "The values of a PromQL query over time.",
                [.required("query", "PromQL.")] + range + [.required("step", "Seconds or a duration.")])
            + both("series", "series", "Label sets of series.", [match] + range)
            + both("labels", "labelNames", "Names of labels.", [match] + range)
            + one("label/{name}/values", "labelValues", "Values of a label.", [match] + range)
            + one("metadata", "metadata", "TYPE and HELP of metrics.", [.query("metric", "Only this metric.")])
            + one("query_exemplars", "exemplars", "None are stored; Grafana asks anyway.", [])
            + both("format_query", "formatQuery", "The query, laid out.", [.required("query", "PromQL.")])
            + one("status/{kind}", "status", "What Grafana asks of the server: buildinfo.", [])
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
        _ parameters: [Operation.Parameter]
    ) -> Route {
        Route(
            method, Self.prefix + path, .permission(.viewFleet),
            Operation(id, tag: "prometheus", summary, parameters: parameters, answer: "PrometheusAnswer"),
            handler: answer)
    }

    @Sendable private func answer(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let api = PrometheusAPI(
            source: source(for: principal), options: services.engine.options, version: services.installation.version,
            clock: services.clock)
        let path = request.uri.path.dropFirst(Self.prefix.count)
        let answer = await api.answer(FormText.decode(path), try await form(request))
        return .json(answer.body, status: .init(code: answer.status))
    }

    /// The whole store, or the series of the clusters that `principal` sees.
    private func source(for principal: Principal) -> any SeriesSource {
        guard !Policy.decide(principal, .queryMetrics).isAllowed else { return services.engine.source }
        let visible = services.fleet.clusterNames.filter { principal.sees($0) }
        return VisibleSeries(source: services.engine.source, clusters: visible)
    }

    /// The parameters of the query, then those of a form in the body.
    private func form(_ request: Request) async throws -> FormParameters {
        var pairs = FormText.pairs(of: request.uri.query ?? "")
        if request.method == .post {
            let text = String(decoding: try await request.body.bytes(upTo: limits.bodyBytes), as: UTF8.self)
            pairs += FormText.pairs(of: text)
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
