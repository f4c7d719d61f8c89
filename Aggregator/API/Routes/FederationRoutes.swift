internal import Access
internal import Hummingbird
internal import Model
internal import NIOCore
internal import PromQL
internal import PrometheusText
internal import SeriesQuery

/// `/prometheus/federate`: the newest samples of selected series as text, for another Prometheus to scrape.
struct FederationRoutes: Sendable {
    let services: APIServices
    let limits: APILimits
    let gate: QueryGate

    var routes: [Route] {
        let match: Operation.Parameter = .required("match[]", "Series selectors; each may stand several times.")
        return [HTTPRequest.Method.get, .post].map { method in
            Route(
                method, "\(PrometheusRoutes.root)federate", .permission(.viewFleet),
                Operation(
                    method == .get ? "federate" : "federateByForm", tag: "prometheus",
                    "The newest samples of selected series in Prometheus's text format.",
                    parameters: method == .get ? [match] : [], mediaType: "text/plain"),
                handler: answer)
        }
    }

    @Sendable private func answer(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let form = try await request.form(upTo: limits.bodyBytes)
        let source = services.series(visibleTo: principal)
        do throws(QueryError) {
            let samples = try await gate.run(within: services.engine.options.timeout) { () throws(QueryError) in
                try await newest(of: form, source)
            }
            var headers = HTTPFields()
            headers[.contentType] = ExpositionWriter.mediaType
            return Response(
                status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: Self.text(samples))))
        } catch {
            return .prometheus(PrometheusAPI.failure(error))
        }
    }

    /// Each series once, however many selectors match it, by name and labels.
    private func newest(of form: FormParameters, _ source: any SeriesSource) async throws(QueryError) -> [VectorSample]
    {
        let selectors = form.all("match[]")
        guard !selectors.isEmpty else { throw QueryError(.badData, "no match[] parameter provided") }
        let engine = PromQLEngine(source: source, options: services.engine.options)
        let now = services.clock.now
        var found: [Labels: VectorSample] = [:]
        for selector in selectors {
            for sample in try await engine.newest(selector, at: now) { found[sample.labels] = sample }
            guard found.count <= engine.options.maximumSeries else {
                throw QueryError(.execution, "more than \(engine.options.maximumSeries) series match: narrow match[]")
            }
        }
        return found.values.sorted {
            ($0.labels.metric, $0.labels.description) < ($1.labels.metric, $1.labels.description)
        }
    }

    private static func text(_ samples: [VectorSample]) -> [UInt8] {
        var writer = ExpositionWriter()
        var family = ""
        for one in samples {
            if one.labels.metric != family {
                family = one.labels.metric
                // A name may be a histogram's bucket: what it is is known to who exposed it.
                writer.family(family, .unknown, help: "")
            }
            var labels = one.labels.filter { $0.name != Labels.metricName }.map { ($0.name, $0.value) }
            // So that a scraper does not take its own target for the instance.
            if one.labels["instance"] == nil { labels.append(("instance", "")) }
            writer.sample(family, labels, one.sample.value, at: one.sample.timestamp)
        }
        return writer.bytes
    }
}
