internal import Hummingbird
public import Ingest
public import Logging
internal import HummingbirdCore
internal import NIOCore
public import ServiceLifecycle

/// The HTTP server: routes, middleware, TLS.
public struct APIServer: Sendable {
    private let table: RouteTable
    private let services: APIServices
    private let dashboard: DashboardFiles
    private let connections: Int
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
            router: router(), server: .secured(by: certificate),
            configuration: .bounded(host: host, port: port, connections: connections, logger: logger),
            onServerRunning: { await onRunning($0.localAddress?.port ?? port) }, logger: logger)
    }
}

extension ApplicationConfiguration {
    /// A server on `host` and `port` that leaves further connections in the kernel's queue while `connections` are open.
    static func bounded(host: String, port: Int, connections: Int, logger: Logger) -> ApplicationConfiguration {
        ApplicationConfiguration(
            address: .hostname(host, port: port), serverName: nil,
            availableConnectionsDelegate: .maximum(connections, logger: logger))
    }
}
