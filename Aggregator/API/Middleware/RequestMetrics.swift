internal import Hummingbird
internal import Logging
internal import Model
internal import SelfMetrics

/// Counts requests and their time, by kind of door; logs each at debug.
struct RequestMetrics: RouterMiddleware {
    typealias Context = APIContext

    private let metrics: MetricRegistry
    private let seconds: [String: Histogram]
    private static let doors = ["api", "agent", "prometheus", "dashboard"]

    init(_ metrics: MetricRegistry) {
        self.metrics = metrics
        seconds = Dictionary(
            uniqueKeysWithValues: Self.doors.map { door in
                (
                    door,
                    metrics.histogram(
                        "etcd_monitor_aggregator_http_seconds", help: "Time until the answer began.",
                        labels: ["door": door])
                )
            })
    }

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let started = ContinuousClock.now
        let response = try await next(request, context)
        let (door, took) = (Self.door(of: request.uri.path), ContinuousClock.now - started)
        seconds[door]?.observe(took)
        metrics.counter(
            "etcd_monitor_aggregator_http_requests_total", help: "Requests by door and status.",
            labels: ["door": door, "status": "\(response.status.code)"]
        ).add()
        context.logger.debug(
            "request",
            metadata: [
                "method": "\(request.method)", "path": "\(request.uri.path)", "status": "\(response.status.code)",
                "milliseconds": "\(took.milliseconds)", "peer": "\(context.peer)",
            ])
        return response
    }

    private static func door(of path: String) -> String {
        if path.hasPrefix("/agent/") { return "agent" }
        if path.hasPrefix("/prometheus/") { return "prometheus" }
        return path.hasPrefix("/api/") || path == "/metrics" ? "api" : "dashboard"
    }
}
