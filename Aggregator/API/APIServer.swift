internal import Hummingbird
public import Ingest
public import Logging
internal import HummingbirdCore
internal import NIOCore
internal import SelfMetrics
public import ServiceLifecycle

/// The HTTP server: routes, middleware, TLS.
public struct APIServer: Sendable {
    private let table: RouteTable
    private let services: APIServices
    private let dashboard: DashboardFiles
    private let connections: Int
    private let census: ConnectionCensus
    private let logger: Logger

    /// - Parameters:
    ///   - dashboardDirectory: where the dashboard's files are; without them only the API is served.
    public init(
        services: APIServices, enrolment: EnrolmentDesk, limits: APILimits = APILimits(), dashboardDirectory: String,
        logger: Logger
    ) throws {
        self.services = services
        self.logger = logger
        connections = limits.connections
        let census = ConnectionCensus(
            limit: limits.connections, perAddress: limits.connectionsPerAddress, logger: logger)
        self.census = census
        services.metrics.gauge("etcd_monitor_aggregator_connections", help: "Connections that are open.") {
            Double(census.total)
        }
        services.metrics.gauge(
            "etcd_monitor_aggregator_connections_refused",
            help: "Connections closed at once since the start, as their address had too many."
        ) { Double(census.refused) }
        table = try RouteTable(services: services, enrolment: enrolment, limits: limits)
        dashboard = DashboardFiles(directory: dashboardDirectory)
        if dashboard.isEmpty {
            logger.warning(
                "no dashboard found; only the API is served", metadata: ["directory": "\(dashboardDirectory)"])
        }
    }

    /// The routes, for tests.
    var routes: [Route] { table.routes }

    /// All routes behind all middleware.
    func router() -> Router<APIContext> {
        let router = Router(context: APIContext.self)
        router.middlewares.add(RequestMetrics(services.metrics))
        router.middlewares.add(SecurityHeaders())
        router.middlewares.add(ProblemAnswers())
        table.register(on: router, access: services.access)
        router.get("/", use: dashboard.serve)
        router.head("/", use: dashboard.serve)
        router.get("/**", use: dashboard.serve)
        router.head("/**", use: dashboard.serve)
        return router
    }

    /// The server on `host` and `port` under TLS.
    ///
    /// - Parameters:
    ///   - onRunning: called with the port once connections are taken.
    public func service(
        host: String, port: Int, certificate: ServingCertificate, onRunning: @escaping @Sendable (Int) async -> Void
    ) -> any Service {
        Application(
            router: router(), server: .secured(by: certificate, census: census),
            configuration: .bounded(host: host, port: port, connections: connections, logger: logger),
            onServerRunning: { await onRunning($0.localAddress?.port ?? port) }, logger: logger)
    }
}

extension ApplicationConfiguration {
    /// A server on `host` and `port` that leaves further connections in the kernel's queue while `connections` are open.
    static func bounded(host: String, port: Int, connections: Int, logger: Logger) -> ApplicationConfiguration {
        ApplicationConfiguration(
            address: .hostname(host, port: port), serverName: nil,
            // A fleet reconnects at once; the kernel has its own limit beyond.
            backlog: 4096,
            availableConnectionsDelegate: .maximum(connections, logger: logger))
    }
}
