import Access
import ConfigurationFile
import Fleet
import FleetHealth
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Ingest
import JSON
import Logging
import Model
import NIOCore
import Notifications
import Postgres
import PromQL
import RemoteWrite
import Rules
import SelfMetrics
import SeriesStore
import TestSupport
import Verdict

@testable import API

/// The API with everything behind it, on a database of its own.
struct APIWorld {
    let services: APIServices
    let server: APIServer
    let pool: PostgresPool
    let store: SeriesStore
    /// What a reload reads.
    let ruleFile: ChangingText
    let clock = ManualWallClock()

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    static let password = "correct horse battery"

    /// Runs `body` with a world and a client of its routes.
    static func with(
        limits: APILimits = APILimits(), dashboard: String = "/nonexistent", rules: String = "groups: []",
        _ body: @escaping @Sendable (APIWorld, any TestClientProtocol) async throws -> Void
    ) async throws {
        try await PostgresFixture.shared.withDatabase { pool in
            let world = try await APIWorld(pool, limits, dashboard, rules)
            let application = Application(router: world.server.router())
            try await application.test(.router) { client in try await body(world, client) }
        }
    }

    private init(
        _ pool: PostgresPool, _ limits: APILimits, _ dashboard: String, _ ruleText: String
    ) async throws {
        let (clock, logger) = (clock.clock, Self.logger)
        self.pool = pool
        let ruleFile = ChangingText(ruleText)
        self.ruleFile = ruleFile
        let metrics = MetricRegistry()
        let audit = AuditLog(pool: pool, clock: clock, logger: logger)
        let access = try AccessService(pool: pool, audit: audit, clock: clock, logger: logger)
        let store = SeriesStore(pool, clock: clock, logger: logger)
        try await store.start()
        let engine = PromQLEngine(source: store)
        let fleet = FleetService(pool: pool, clock: clock, logger: logger)
        try await fleet.load()
        let notifications = NotificationService(
            pool: pool, configuration: .none, sealingKey: SealingKey([UInt8](repeating: 7, count: 32)),
            externalURL: "https://here", clock: clock, logger: logger)
        let rules = RuleService(
            groups: try RuleFile(ruleText, name: "test.yaml").groups,
            reading: { () throws(ConfigurationErrors) in
                try RuleFile(ruleFile.text, name: "test.yaml").groups
            }, engine: engine, series: store,
            alerts: notifications,
            pool: pool, clock: clock, logger: logger)
        let health = FleetHealthService(
            fleet: fleet, engine: engine, pool: pool, alerts: { [] }, clock: clock, logger: logger)
        let ingestor = BatchIngestor(
            pool: pool, store: store, fleet: fleet, audit: audit, metrics: metrics, clock: clock, logger: logger,
            stateChanged: { _ in })
        let incidents = IncidentStore(pool: pool)
        let verdicts = VerdictService(
            health: health, engine: engine, incidents: incidents, explanations: Explanations(), suspects: { [] },
            clock: clock, logger: logger)
        self.store = store
        services = APIServices(
            access: access, fleet: fleet, health: health, verdicts: verdicts, incidents: incidents, ingestor: ingestor,
            rules: rules,
            notifications: notifications, engine: engine,
            remoteWrite: RemoteWriteReceiver(store: store, metrics: metrics, clock: clock), metrics: metrics,
            installation: Installation(
                version: "test", authorityPEM: "PEM", authorityFingerprint: "sha256:00", externalURL: "https://here",
                database: "external", startedAt: clock.now),
            clock: clock, logger: logger)
        server = try APIServer(
            services: services,
            enrolment: EnrolmentDesk(fleet: fleet, audit: audit, metrics: metrics, clock: clock, logger: logger),
            limits: limits, dashboardDirectory: dashboard, logger: logger)
    }

    /// A user `name` with `grants`.
    func makeUser(_ name: String, _ grants: Grants) async throws {
        _ = try await services.access.createUser(
            name, password: Self.password, grants: grants, by: .local, from: "")
    }

    /// Signs in and returns the headers that a browser then sends.
    func session(of name: String, _ client: any TestClientProtocol) async throws -> HTTPFields {
        let response = try await client.post(
            "/api/v1/session", json: ["username": .string(name), "password": .string(Self.password)])
        let cookie = response.headers[.setCookie]?.split(separator: ";").first.map(String.init) ?? ""
        var headers = HTTPFields()
        headers[.cookie] = cookie
        if let name = HTTPField.Name("X-Requested-With") { headers[name] = "etcd-monitor" }
        headers[.contentType] = "application/json"
        return headers
    }

    /// A user of `role` everywhere, signed in.
    func signedIn(as role: Role, _ client: any TestClientProtocol) async throws -> HTTPFields {
        try await makeUser(role.rawValue, Grants(everywhere: role))
        return try await session(of: role.rawValue, client)
    }
}

extension APIWorld {
    /// The cookie of a new user of `role`.
    func cookie(as role: Role, _ client: any TestClientProtocol) async throws -> String {
        try await signedIn(as: role, client)[.cookie] ?? ""
    }
}

extension TestClientProtocol {
    /// Posts `json`.
    func post(_ path: String, json: JSONValue, headers: HTTPFields = HTTPFields()) async throws -> TestResponse {
        var headers = headers
        headers[.contentType] = "application/json"
        return try await execute(
            uri: path, method: .post, headers: headers, body: ByteBuffer(bytes: json.serialized()))
    }

    /// The decoded JSON of a GET.
    func json(_ path: String, headers: HTTPFields = HTTPFields()) async throws -> JSONValue {
        let response = try await execute(uri: path, method: .get, headers: headers)
        return try JSONValue(parsing: Array(response.body.readableBytesView))
    }
}

extension TestResponse {
    /// The last part of a problem's `type`.
    var problem: String? {
        // A body that is no JSON has no problem in it.
        let type = (try? JSONValue(parsing: Array(body.readableBytesView)))?["type"]?.string
        return type?.split(separator: ":").last.map(String.init)
    }
}
