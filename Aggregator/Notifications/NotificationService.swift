internal import AsyncSupport
internal import HTTPClient
public import Logging
public import Model
public import Postgres
public import Rules
public import ServiceLifecycle
internal import Synchronization

/// Routes alerts, keeps the ledger, and delivers.
///
/// Any number of aggregators may run it over one database: rows are taken with `SKIP LOCKED`, and one that dies while
/// sending leaves a lease that runs out. A delivery is made at least once; the receiver can tell a second one by the
/// mail's `Message-ID` or the webhook's `Idempotency-Key`.
public final class NotificationService: Service, AlertSink {
    let ledger: DeliveryLedger
    /// What the configuration file says; see ``setup``.
    let fileConfiguration: NotificationConfiguration
    let sealingKey: SealingKey
    let clock: WallClock
    let logger: Logger
    let make: @Sendable (ChannelConfiguration) -> any Channel
    let dispatch = Signal()
    /// There may be channels without senders.
    let channelsChanged = Signal()
    let state: Mutex<State>

    struct State {
        var setup: NotificationSetup
        /// Of each channel that there was since the start.
        var senders: [String: [Signal]] = [:]
        /// When the dispatcher last found the database and did what was due.
        var lastPass: Timestamp?
        var delivered = 0
        var failedAttempts = 0
        var givenUp = 0
        /// Maintenance windows that are not over, as they were read last.
        var maintenance: [Silence] = []
        /// When a channel was tested last.
        var tests: [String: Timestamp] = [:]
    }

    /// How many senders a channel has: one that hangs does not keep others of its channel waiting.
    static let sendersPerChannel = 2
    /// How long the ledger is kept.
    static let retention: Duration = .seconds(90 * 86_400)
    /// How long silences are shown when they are over, as Alertmanager does.
    static let silenceRetention: Duration = .seconds(5 * 86_400)
    /// A test reaches people: not more often.
    private static let testPause: Duration = .seconds(5)
    /// The longest sleep: should a wake-up be lost, nothing waits longer.
    static let longestSleep: Duration = .seconds(5)

    /// A service that tells as `configuration` says.
    ///
    /// - Parameters:
    ///   - sealingKey: for the secrets of channels that administrators make; the same for all aggregators.
    ///   - externalURL: where people reach the dashboard; "" if unknown, then mails have no link.
    public init(
        pool: PostgresPool, configuration: NotificationConfiguration, sealingKey: SealingKey, externalURL: String,
        clock: WallClock = .system, logger: Logger
    ) {
        ledger = DeliveryLedger(pool: pool)
        fileConfiguration = configuration
        self.sealingKey = sealingKey
        self.clock = clock
        self.logger = logger
        let links = DashboardLinks(base: externalURL)
        let mail = MailClient()
        make = { $0.make(mail: mail, links: links) }
        state = Mutex(State(setup: NotificationSetup(configuration, make: make)))
    }

    /// Reads what administrators made. Call it before alerts are enqueued.
    public func load() async throws { try await takeOverSettings() }

    /// What is told to whom, as of now.
    var setup: NotificationSetup { state.withLock { $0.setup } }
    var configuration: NotificationConfiguration { setup.configuration }

    /// Takes over what administrators made, if it has changed.
    func takeOverSettings() async throws {
        let known = setup.revision
        let read = try await ledger.pool.transaction { connection in
            let store = ChannelStore(connection)
            let revision = try await store.revision()
            let isNew = revision != known
            return (revision, isNew ? try await store.channels() : [], isNew ? try await store.routes() : nil)
        }
        guard read.0 != known else { return }
        let setup = NotificationSetup(
            fileConfiguration, revision: read.0, stored: read.1, routes: read.2, key: sealingKey, make: make,
            report: { logger.error("a channel cannot be used", metadata: ["reason": "\($0)"]) })
        // Two may read at one time: the later reading stays.
        state.withLock { if $0.setup.revision < setup.revision { $0.setup = setup } }
        // One that cannot be used here, being of a newer version, another aggregator may tell.
        let current = self.setup
        let names = Set(current.channels.keys).union(current.stored.keys)
        try await ledger.abandon(except: names.sorted(), at: clock.now)
        channelsChanged.send()
    }

    // MARK: AlertSink

    /// Puts `alerts` into the groups of their routes, as part of the caller's transaction.
    public func enqueue(_ alerts: [Alert], at now: Timestamp, in connection: PostgresConnection) async throws {
        var isAny = false
        let suppressions = SuppressionStore(connection)
        let ended = alerts.filter { $0.state == .resolved }.map(\.labels)
        // Taken up until it ended: should it begin again, that is news.
        if !ended.isEmpty { try await suppressions.forget(acknowledgementsOf: ended.map(\.fingerprint)) }
        // In one order everywhere, so that two transactions cannot wait for each other.
        for alert in alerts.sorted(by: { $0.labels.description < $1.labels.description }) {
            for route in configuration.routes.matching(alert.labels) {
                let group = GroupIdentity(alert, route: route)
                try await DeliveryLedger.enqueue(alert, group: group, route: route, at: now, in: connection)
                isAny = true
            }
        }
        if ended.contains(where: { labels in configuration.inhibitions.contains { $0.mayFollow(from: labels) } }) {
            // What followed from it and still fires is news now.
            try await suppressions.wakeHidden(by: "inhibition", at: now)
            isAny = true
        }
        if isAny { try await DeliveryLedger.announce(in: connection) }
    }

    /// Looks at once.
    public func committed() { dispatch.send() }

    // MARK: Asking

    /// Since the start of this process: deliveries made, attempts that failed, deliveries given up.
    public var counts: (delivered: Int, failedAttempts: Int, givenUp: Int) {
        state.withLock { ($0.delivered, $0.failedAttempts, $0.givenUp) }
    }

    /// When what was due was last done; nil if not since the start. Seconds old at most, while the database is there.
    public var lastPass: Timestamp? { state.withLock { $0.lastPass } }

    /// Clusters on which work is done now, with the end of the window; a few seconds old at most.
    public func maintenance(at now: Timestamp) -> [String: Timestamp] {
        var ends: [String: Timestamp] = [:]
        for window in state.withLock({ $0.maintenance }) {
            guard let cluster = window.cluster, let end = window.activeUntil(at: now) else { continue }
            ends[cluster] = ends[cluster].map { max($0, end) } ?? end
        }
        return ends
    }

    /// Notes that `channel` is tested now.
    ///
    /// - Throws: `.tooMany` if it was tested just before.
    func noteTest(of channel: String) throws(NotificationsError) {
        let now = clock.now
        let last = state.withLock { state in
            let last = state.tests[channel]
            if last.map({ now - $0 >= Self.testPause }) ?? true { state.tests[channel] = now }
            return last
        }
        guard let last, now - last < Self.testPause else { return }
        throw NotificationsError(
            .tooMany,
            "\(channel) was tested a moment ago; wait \(Self.testPause.components.seconds) s between two tests",
            retryAfter: Self.testPause - (now - last))
    }
}
