// The aggregator's face: HTTP over TLS for people, programs and agents. One table of routes says who may use what; one
// gate recognises and decides by it; one place turns errors into RFC 9457 answers. Leaves what things mean to the rooms
// that it asks.
public import Access
public import Commands
public import Fleet
public import FleetHealth
public import Ingest
public import Logging
public import Model
public import Notifications
public import PromQL
public import RemoteWrite
public import Rules
public import SelfMetrics
public import Verdict

/// The rooms that the routes ask.
public struct APIServices: Sendable {
    /// Who someone is, what they may do, and the audit log.
    public var access: AccessService
    /// Clusters, agents, events, enrolment.
    public var fleet: FleetService
    /// The judgement over it.
    public var health: FleetHealthService
    /// Who is to blame for what is slow.
    public var verdicts: VerdictService
    /// What was wrong, and when.
    public var incidents: IncidentStore
    /// Takes batches.
    public var ingestor: BatchIngestor
    /// Alerts and how their rules go.
    public var rules: RuleService
    /// What was delivered.
    public var notifications: NotificationService
    /// What is asked of hosts; nil where nothing is.
    public var commands: CommandDesk?
    /// The dead man's switch; nil if none is configured.
    public var heartbeat: HeartbeatService?
    /// Queries.
    public var engine: PromQLEngine
    /// Takes series of other systems.
    public var remoteWrite: RemoteWriteReceiver
    /// The aggregator's own numbers.
    public var metrics: MetricRegistry
    /// What `/api/v1/about` says.
    public var installation: Installation
    /// What keeps the aggregator itself from its work now.
    public var problems: @Sendable () -> [SelfProblem]
    /// The time of day.
    public var clock: WallClock
    /// Where requests that fail are logged.
    public var logger: Logger

    /// The rooms that the routes ask.
    public init(
        access: AccessService, fleet: FleetService, health: FleetHealthService, verdicts: VerdictService,
        incidents: IncidentStore, ingestor: BatchIngestor,
        rules: RuleService, notifications: NotificationService, heartbeat: HeartbeatService? = nil,
        commands: CommandDesk? = nil, engine: PromQLEngine,
        remoteWrite: RemoteWriteReceiver, metrics: MetricRegistry,
        installation: Installation, problems: @escaping @Sendable () -> [SelfProblem] = { [] },
        clock: WallClock = .system, logger: Logger
    ) {
        self.access = access
        self.fleet = fleet
        self.health = health
        self.verdicts = verdicts
        self.incidents = incidents
        self.ingestor = ingestor
        self.rules = rules
        self.notifications = notifications
        self.commands = commands
        self.heartbeat = heartbeat
        self.engine = engine
        self.remoteWrite = remoteWrite
        self.metrics = metrics
        self.installation = installation
        self.problems = problems
        self.clock = clock
        self.logger = logger
    }
}

/// Something that keeps the aggregator from its work, for an operator. It may be shown to anyone.
public struct SelfProblem: Sendable, Hashable {
    /// `database`, `disk-full`, `disk-scarce`.
    public var code: String
    /// What is wrong, and what it leads to.
    public var sentence: String
    /// What to do. Shown to those who are signed in only: it may name paths.
    public var remedy: String

    /// A problem.
    public init(code: String, sentence: String, remedy: String) {
        self.code = code
        self.sentence = sentence
        self.remedy = remedy
    }
}

/// What this installation says of itself.
public struct Installation: Sendable {
    /// PEM of the certificate that agents pin; nil if the user brought a certificate of his own.
    public var authorityPEM: String?
    /// `sha256:…` of its DER; nil with it.
    public var authorityFingerprint: String?
    /// Of this program.
    public var version: String
    /// Where people and agents reach it.
    public var externalURL: String
    /// `embedded` or `external`.
    public var database: String
    /// When this process started.
    public var startedAt: Timestamp
    /// How long samples are kept.
    public var retention: Duration

    /// What this installation says of itself.
    public init(
        version: String, authorityPEM: String?, authorityFingerprint: String?, externalURL: String, database: String,
        startedAt: Timestamp, retention: Duration = .seconds(90 * 86_400)
    ) {
        self.version = version
        self.authorityPEM = authorityPEM
        self.authorityFingerprint = authorityFingerprint
        self.externalURL = externalURL
        self.database = database
        self.startedAt = startedAt
        self.retention = retention
    }
}

/// How much one client may ask of the API.
public struct APILimits: Sendable {
    /// Connections open at one time, agents' included: at 20,000 two for each of 10,000 agents. More wait to be
    /// accepted until others close; what does not finish its handshake, or has nothing to say, is closed.
    public var connections = 20_000
    /// Connections of one address; more are closed at once. Agents behind one gateway share it.
    public var connectionsPerAddress = 10_000
    /// Bytes of bodies of agents' requests that are being received, altogether; a quarter of it for one address.
    public var receivingBytes = 256 << 20
    /// Bytes of a JSON or form body.
    public var bodyBytes = 65_536
    /// Event streams open at one time.
    public var streams = 200
    /// Event streams of one user at one time.
    public var streamsPerUser = 20
    /// Queries of Prometheus's API that run at one time, and that wait for it.
    public var queries = 20
    public var queriesWaiting = 200
    /// Points a page may have.
    public var pageSize = 500

    /// The defaults.
    public init() {}
}
