internal import Hummingbird
internal import JSON
internal import NIOCore
internal import PrometheusText
internal import SelfMetrics

/// What programs read about this program: its own metrics, and OpenAPI.
struct MachineRoutes: Sendable {
    let services: APIServices
    /// Filled once all routes are known.
    let document: @Sendable () -> [UInt8]

    var routes: [Route] {
        [
            Route(
                .get, "/metrics", .hostOrInstallationViewer,
                Operation(
                    "getMetrics", tag: "machines", "The aggregator's own metrics in Prometheus's text format.",
                    mediaType: "text/plain"), handler: metrics),
            Route(
                .get, "/health", .open,
                Operation(
                    "getHealth", tag: "machines",
                    "Whether the aggregator itself can do its work: 200, or 503 and what keeps it.", answer: "Health"),
                handler: health),
            Route(
                .get, "/api/openapi.json", .open,
                Operation("getOpenAPI", tag: "machines", "This document.", mediaType: "application/json"),
                handler: openAPI),
        ]
    }

    @Sendable private func metrics(_ request: Request, _ context: APIContext) async throws -> Response {
        var writer = ExpositionWriter()
        writer.board(services.metrics.board())
        var headers = HTTPFields()
        headers[.contentType] = ExpositionWriter.mediaType
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: writer.bytes)))
    }

    @Sendable private func health(_ request: Request, _ context: APIContext) async throws -> Response {
        let problems = services.problems()
        let isFailing = problems.contains { $0.code != "disk-scarce" }
        var json = JSONWriter()
        json.object {
            $0.member("status", isFailing ? "failing" : problems.isEmpty ? "ok" : "warning")
            $0.member("problems", answers: problems)
        }
        return .json(json.bytes, status: isFailing ? .serviceUnavailable : .ok)
    }

    @Sendable private func openAPI(_ request: Request, _ context: APIContext) async throws -> Response {
        .json(document())
    }
}

/// Without the remedy: who asks need not be signed in.
extension SelfProblem: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("code", code)
            $0.member("sentence", sentence)
        }
    }
}
