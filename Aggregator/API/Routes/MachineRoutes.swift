internal import Hummingbird
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

    @Sendable private func openAPI(_ request: Request, _ context: APIContext) async throws -> Response {
        .json(document())
    }
}
