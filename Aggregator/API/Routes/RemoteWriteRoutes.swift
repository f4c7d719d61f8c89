internal import Access
internal import Fleet
internal import Hummingbird
internal import RemoteWrite

/// `/prometheus/api/v1/write`: series of other systems, as Prometheus sends them.
struct RemoteWriteRoutes: Sendable {
    let services: APIServices
    let receiving: ReceivingBytes

    var routes: [Route] {
        [
            Route(
                .post, "\(PrometheusRoutes.root)api/v1/write", .permission(.writeSeries),
                Operation(
                    "remoteWrite", tag: "prometheus",
                    "Series by Prometheus's remote-write 1.0: snappy-compressed protobuf.", status: 204),
                handler: write)
        ]
    }

    @Sendable private func write(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let media = request.headers[.contentType]?.lowercased() ?? ""
        guard media.hasPrefix("application/x-protobuf"), !media.contains("write.v2") else {
            throw APIError(
                .unsupportedMediaType, "unsupported-media-type",
                "remote-write 1.0 is taken: Content-Type: application/x-protobuf")
        }
        guard request.headers[.contentEncoding]?.lowercased() == "snappy" else {
            throw APIError(.unsupportedMediaType, "unsupported-media-type", "Content-Encoding must be snappy")
        }
        let receiver = services.remoteWrite
        let share = receiving.share(of: context.peer)
        let body = try await request.body.bytes(upTo: receiver.limits.bodyBytes) { count in
            guard share.take(count) else { throw RemoteWriteError(.busy, "too many bodies are being received") }
        }
        let clusters = Set(services.fleet.clusterNames)
        try await receiver.receive(body, from: principal.name) { clusters.contains($0) }
        withExtendedLifetime(share) {}
        return Response(status: .noContent)
    }
}
