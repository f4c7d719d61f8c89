import API
import Access
import AsyncSupport
import Commands
import ConfigurationFile
import Fleet
import FleetHealth
import Ingest
import Logging
import Model
import Notifications
import Postgres
import PromQL
import RemoteWrite
import Rules
import Schema
import SelfMetrics
import SeriesStore
import ServiceLifecycle
import ServiceRuntime
import Verdict

/// Builds the rooms and connects them: the only place that knows them all.
///
/// The order of `services` is the order of dependence: PostgreSQL first, HTTP last; at the end they stop in reverse, so
/// that what was taken is still stored.
struct AggregatorAssembly {
    let services: [any Service]
    /// Everything that has to be stopped by hand once the services have stopped.
    let pool: PostgresPool

    init(
        _ configuration: AggregatorConfiguration, database: RunningDatabase, logger: Logger
    ) async throws {
        let clock = WallClock.system
        let metrics = MetricRegistry()
        let pool = database.pool
        try await Schema.migrate(pool, logger: logger)

        let audit = AuditLog(pool: pool, clock: clock, logger: logger)
        let access = try AccessService(
            pool: pool, audit: audit, limits: configuration.sessions, clock: clock, logger: logger)
        try await FirstPassword.make(access, stateDirectory: configuration.stateDirectory, logger: logger)

        let identity = try Self.identity(configuration, logger)
        let installation = Self.installation(configuration, identity, database, clock.now)

        let storeOptions = configuration.storeOptions
        let store = SeriesStore(pool, clock: clock, options: storeOptions, logger: logger)
        try await store.start()
        let engine = PromQLEngine(source: store)

        var fleetOptions = FleetService.Options()
        fleetOptions.silentAfter = configuration.silentAfter
        let fleet = FleetService(pool: pool, options: fleetOptions, clock: clock, logger: logger)
        try await fleet.load()

        let notifications = NotificationService(
            pool: pool, configuration: configuration.notifications,
            sealingKey: try SealingKeyFile.load(directory: configuration.tlsDirectory),
            externalURL: installation.externalURL, clock: clock, logger: logger)
        try await notifications.load()
        let explanations = Explanations()
        let rules = RuleService(
            groups: try configuration.ruleGroups(),
            reading: { () throws(ConfigurationErrors) in try configuration.ruleGroups() }, engine: engine,
            series: store, alerts: ExplainedAlerts(notifications, explanations: explanations), pool: pool,
            settings: RuleSettings(interval: configuration.rules.interval, externalURL: installation.externalURL),
            clock: clock, logger: logger)
        let heartbeat = configuration.notifications.heartbeat.map { heartbeat in
            HeartbeatService(
                heartbeat, trouble: { Self.heartbeatTrouble(rules, notifications, configuration, clock.now) },
                clock: clock, logger: logger)
        }
        let health = FleetHealthService(
            fleet: fleet, engine: engine, pool: pool, alerts: { rules.activeAlerts() },
            explanations: explanations,
            maintenance: { notifications.maintenance(at: $0) },
            silentAfter: configuration.silentAfter, clock: clock, logger: logger)
        try await health.load()
        let incidents = IncidentStore(pool: pool)
        let verdicts = VerdictService(
            health: health, engine: engine, incidents: incidents, explanations: explanations,
            window: configuration.verdictWindow,
            suspects: { Set(rules.activeAlerts().compactMap { $0.labels["cluster"] }) }, clock: clock, logger: logger)

        let stateChanged: @Sendable (Timestamp) -> Void = { newest in
            rules.evaluateNow(reason: "a member's state changed", notBefore: newest)
            health.wake()
        }
        var ingestLimits = IngestLimits()
        ingestLimits.retention = configuration.retention
        let ingestor = BatchIngestor(
            pool: pool, store: store, fleet: fleet, audit: audit, metrics: metrics, limits: ingestLimits, clock: clock,
            logger: logger, stateChanged: stateChanged)
        let peers = PeerFollower(store: store, fleet: fleet, logger: logger, stateChanged: stateChanged)
        let commands = CommandDesk(
            pool: pool, fleet: fleet, key: try CommandKey.load(directory: configuration.tlsDirectory),
            standing: { health.detail($0)?.standing }, clock: clock, logger: logger)
        let desk = EnrolmentDesk(
            fleet: fleet, audit: audit, metrics: metrics, commandKey: commands.publicKey, clock: clock, logger: logger)

        var writeLimits = RemoteWriteReceiver.Limits()
        writeLimits.retention = configuration.retention
        let remoteWrite = RemoteWriteReceiver(store: store, metrics: metrics, limits: writeLimits, clock: clock)

        let selfCheck = SelfCheck(
            pool: pool, diskOfDatabase: configuration.database == nil ? configuration.stateDirectory : nil,
            logger: logger)
        let apiServices = APIServices(
            access: access, fleet: fleet, health: health, verdicts: verdicts, incidents: incidents, ingestor: ingestor,
            rules: rules, notifications: notifications, heartbeat: heartbeat, commands: commands, engine: engine,
            remoteWrite: remoteWrite, metrics: metrics,
            installation: installation,
            problems: { selfCheck.problems }, clock: clock, logger: logger)
        let server = try APIServer(
            services: apiServices, enrolment: desk, limits: configuration.api,
            dashboardDirectory: configuration.dashboardDirectory, logger: logger)
        let certificate = try ServingCertificate(
            certificateFile: identity.certificateFile, keyFile: identity.keyFile, logger: logger)
        SelfObservation.register(metrics, pool: pool, store: store, fleet: fleet, notifications: notifications)
        let status = Readiness(fleet: fleet, health: health, logger: logger)
        let http = server.service(
            host: configuration.listen.host, port: configuration.listen.port, certificate: certificate,
            onRunning: { port in status.isServing(port: port, url: installation.externalURL) })

        self.pool = pool
        services =
            database.services + [heartbeat].compactMap { $0 }
            + [
                store, audit, fleet, FleetFollower(fleet: fleet, store: store, health: health, logger: logger), peers,
                notifications, rules, RuleReloader(rules: rules), health, verdicts, commands,
                SelfObservation(metrics: metrics, sink: store, clock: clock, logger: logger),
                RemoteWriteSender(
                    configuration.remoteWrite, store: store, pool: pool, metrics: metrics, clock: clock, logger: logger),
                ingestor, certificate, MemoryRelease(), selfCheck, http, status,
            ]
    }
}

// MARK: - Parts

extension AggregatorAssembly {
    /// Why there is to be no heartbeat; nil while rules are evaluated and what is due is delivered.
    private static func heartbeatTrouble(
        _ rules: RuleService, _ notifications: NotificationService, _ configuration: AggregatorConfiguration,
        _ now: Timestamp
    ) -> String? {
        guard rules.isRunner else { return "another aggregator evaluates the rules" }
        let patience = max(.seconds(30), configuration.rules.interval * 3)
        let groups = rules.status()
        guard groups.isEmpty || groups.contains(where: { $0.lastEvaluation.map { now - $0 <= patience } ?? false })
        else {
            return "no rule was evaluated for \(patience.components.seconds) s"
        }
        guard let pass = notifications.lastPass, now - pass <= .seconds(30) else {
            return "what is due was not delivered for 30 s"
        }
        return nil
    }

    /// Which certificate is shown.
    struct Identity {
        var certificateFile: String
        var keyFile: String
        var authority: (pem: String, fingerprint: String)?
    }

    private static func identity(_ configuration: AggregatorConfiguration, _ logger: Logger) throws -> Identity {
        if let own = configuration.certificate {
            return Identity(certificateFile: own.certificateFile, keyFile: own.keyFile)
        }
        let made = try ServerIdentity(
            directory: configuration.tlsDirectory,
            wanted: HostNames.all(more: configuration.names + [configuration.listen.host]), now: WallClock.system.now,
            logger: logger)
        return Identity(
            certificateFile: made.certificateFile, keyFile: made.keyFile,
            authority: (made.authorityPEM, made.fingerprint))
    }

    private static func installation(
        _ configuration: AggregatorConfiguration, _ identity: Identity, _ database: RunningDatabase, _ now: Timestamp
    ) -> Installation {
        let name = configuration.names.first ?? HostNames.hostName
        return Installation(
            version: BuildVersion.version, authorityPEM: identity.authority?.pem,
            authorityFingerprint: identity.authority?.fingerprint,
            externalURL: configuration.externalURL ?? "https://\(name):\(configuration.listen.port)",
            database: database.kind, startedAt: now, retention: configuration.retention)
    }
}
