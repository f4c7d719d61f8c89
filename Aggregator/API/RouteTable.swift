internal import Access
internal import Hummingbird
internal import Ingest
internal import SelfMetrics
internal import Synchronization

/// All routes there are. Tests walk over it with every role, and hold OpenAPI against it.
struct RouteTable: Sendable {
    let routes: [Route]

    init(services: APIServices, enrolment: EnrolmentDesk, limits: APILimits) throws {
        let document = Box()
        let stream = EventStream(services: services, limits: limits)
        services.metrics.gauge("etcd_monitor_aggregator_event_streams", help: "Event streams that are open.") {
            Double(stream.openCount)
        }
        let receiving = ReceivingBytes(limit: limits.receivingBytes)
        services.metrics.gauge(
            "etcd_monitor_aggregator_receiving_bytes", help: "Bytes of agents' requests that are being received."
        ) { Double(receiving.total) }
        let gate = QueryGate(limit: limits.queries, waitingLimit: limits.queriesWaiting, metrics: services.metrics)
        // A list: a long sum of arrays keeps the type checker busy for seconds.
        routes = [
            SessionRoutes(services: services, limits: limits).routes,
            FleetRoutes(services: services, limits: limits).routes,
            VerdictRoutes(services: services, limits: limits, gate: gate).routes,
            DiskCheckRoutes(services: services, limits: limits).routes,
            AlertRoutes(services: services, limits: limits).routes,
            RuleRoutes(services: services, limits: limits, gate: gate).routes,
            DeliveryRoutes(services: services, limits: limits).routes,
            ChannelAdministrationRoutes(services: services, limits: limits).routes,
            SilenceRoutes(services: services, limits: limits).routes,
            AcknowledgementRoutes(services: services, limits: limits).routes,
            UserRoutes(services: services, limits: limits).routes,
            AdministrationRoutes(services: services, limits: limits).routes,
            stream.routes,
            PrometheusRoutes(services: services, limits: limits, gate: gate).routes,
            FederationRoutes(services: services, limits: limits, gate: gate).routes,
            RemoteWriteRoutes(services: services, receiving: receiving).routes,
            AgentRoutes(services: services, enrolment: enrolment, receiving: receiving).routes,
            MachineRoutes(services: services, document: { document.bytes }).routes,
        ].flatMap { $0 }
        document.bytes = try OpenAPIDocument.make(routes: routes)
    }

    /// Adds all routes to `router`, each behind the gate.
    func register(on router: Router<APIContext>, access: AccessService) {
        let gate = RouteGate(access: access)
        for route in routes {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                let admitted = try await gate.admit(request, context, to: route)
                return try await route.handler(request, admitted)
            }
        }
    }
}

/// The OpenAPI document, which is made from the table that serves it.
private final class Box: Sendable {
    private let value = Mutex<[UInt8]>([])

    var bytes: [UInt8] {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}
