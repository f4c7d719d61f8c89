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
    let configuration: NotificationConfiguration
    let channels: [any Channel]
    let clock: WallClock
    private let logger: Logger
    private let dispatch = Signal()
    private let senders: [String: [Signal]]
    private let state = Mutex(State())

    private struct State {
        var delivered = 0
        var failedAttempts = 0
        var givenUp = 0
        /// Maintenance windows that are not over, as they were read last.
        var maintenance: [Silence] = []
        /// When a channel was tested last.
        var tests: [String: Timestamp] = [:]
    }

    /// How many senders a channel has: one that hangs does not keep others of its channel waiting.
    private static let sendersPerChannel = 2
    /// How long the ledger is kept.
    private static let retention: Duration = .seconds(90 * 86_400)
    /// How long silences are shown when they are over, as Alertmanager does.
    private static let silenceRetention: Duration = .seconds(5 * 86_400)
    /// A test reaches people: not more often.
    private static let testPause: Duration = .seconds(5)
    /// The longest sleep: should a wake-up be lost, nothing waits longer.
    private static let longestSleep: Duration = .seconds(5)

    /// A service that tells as `configuration` says.
    ///
    /// - Parameter externalURL: where people reach the dashboard; "" if unknown, then mails have no link.
    public init(
        pool: PostgresPool, configuration: NotificationConfiguration, externalURL: String, clock: WallClock = .system,
        logger: Logger
    ) {
        ledger = DeliveryLedger(pool: pool)
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        let links = DashboardLinks(base: externalURL)
        let mail = MailClient()
        channels = configuration.channels.map { $0.make(mail: mail, links: links) }
        senders = Dictionary(
            configuration.channels.map { ($0.name, (0..<Self.sendersPerChannel).map { _ in Signal() }) }
        ) { first, _ in first }
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

    // MARK: Service

    /// Delivers until the program stops; what is being sent then is tried again at the next start.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.repeatedly("dispatcher") { try await self.dispatchLoop() } }
                group.addTask { await self.repeatedly("listener") { try await self.listen() } }
                group.addTask { await self.repeatedly("retention") { try await self.retentionLoop() } }
                for channel in self.channels {
                    for signal in self.senders[channel.name] ?? [] {
                        group.addTask {
                            await self.repeatedly(channel.name) { try await self.sendLoop(channel, signal) }
                        }
                    }
                }
            }
        }
    }

    /// Starts `body` again after a failure (the database is away, mostly), until cancelled.
    private func repeatedly(_ part: String, _ body: () async throws -> Void) async {
        var backoff = Backoff(initial: .milliseconds(500), maximum: .seconds(10))
        while !Task.isCancelled {
            do {
                try await body()
            } catch is CancellationError {
                return
            } catch {
                logger.warning("notifications were interrupted", metadata: ["part": "\(part)", "error": "\(error)"])
            }
            // Cancelled is how it ends.
            try? await Task.sleep(for: backoff.next())
        }
    }

    private func listen() async throws {
        try await ledger.pool.listen(to: DeliveryLedger.wakeChannel) { _ in
            dispatch.send()
        }
    }

    private func dispatchLoop() async throws {
        try await ledger.abandon(except: configuration.channels.map(\.name), at: clock.now)
        let flushed = FlushConfiguration(configuration)
        while true {
            while try await ledger.flushOne(flushed, at: clock.now) {}
            let windows = try await silences().filter { $0.kind == .maintenance }
            state.withLock { $0.maintenance = windows }
            try await standIn()
            // Also when none was due here: another aggregator may have made deliveries.
            wakeSenders()
            try await sleep(until: try await ledger.nextFlush(), or: dispatch)
        }
    }

    private func standIn() async throws {
        for channel in configuration.channels {
            guard let fallback = channel.fallback else { continue }
            if try await ledger.standIn(fallback, for: channel.name, at: clock.now) {
                logger.warning(
                    "a fallback stands in for a channel",
                    metadata: ["channel": "\(channel.name)", "fallback": "\(fallback.channel)"])
            }
        }
    }

    private func wakeSenders() {
        for signal in senders.values.flatMap({ $0 }) { signal.send() }
    }

    private func retentionLoop() async throws {
        while true {
            try await ledger.forget(olderThan: Self.retention, at: clock.now)
            let before = clock.now - Self.silenceRetention
            try await ledger.pool.withConnection { try await SuppressionStore($0).forget(endedBefore: before) }
            try await Task.sleep(for: .seconds(3600))
        }
    }

    private func sendLoop(_ channel: any Channel, _ signal: Signal) async throws {
        let deadline = configuration.channels.first { $0.name == channel.name }?.deadline ?? .seconds(15)
        while true {
            if let claimed = try await ledger.claim(
                channel: channel.name, at: clock.now, lease: deadline + .seconds(10))
            {
                try await deliver(claimed, on: channel)
                // Whatever waited behind this one in its group may go now.
                for other in senders[channel.name] ?? [] { other.send() }
            } else {
                try await sleep(until: try await ledger.nextAttempt(channel: channel.name), or: signal)
            }
        }
    }

    private func deliver(_ claimed: ClaimedDelivery, on channel: any Channel) async throws {
        let steady = ContinuousClock()
        let start = steady.now
        var outcome = await channel.send(claimed.notification)
        if Task.isCancelled, outcome.result != .delivered { outcome.result = .interrupted }
        let now = clock.now
        let next: Timestamp? =
            switch outcome.result {
            case .delivered, .failed: nil
            case .interrupted: now
            case .retry:
                RetryPolicy(retryFor: configuration.retryFor).next(
                    after: claimed.attempt, createdAt: claimed.createdAt, now: now, asked: outcome.retryAfter,
                    jitter: .random(in: 0.9...1.1))
            }
        note(outcome, claimed, channel.name, next)
        let (ledger, took, final) = (ledger, steady.now - start, outcome)
        // A task of its own: what was delivered is written down even if the program is stopping.
        try await Task { try await ledger.record(final, of: claimed, took: took, next: next, at: now) }.value
        // Its fallback may have to tell it.
        if final.result != .delivered { dispatch.send() }
    }

    private func note(_ outcome: AttemptOutcome, _ claimed: ClaimedDelivery, _ channel: String, _ next: Timestamp?) {
        state.withLock { state in
            switch outcome.result {
            case .delivered: state.delivered += 1
            case .interrupted: break
            case .retry, .failed:
                state.failedAttempts += 1
                if next == nil { state.givenUp += 1 }
            }
        }
        let metadata: Logger.Metadata = [
            "channel": "\(channel)", "delivery": "\(claimed.id)", "attempt": "\(claimed.attempt)",
            "group": "\(claimed.notification.content.groupKey)", "code": "\(outcome.code.map(String.init) ?? "")",
            "error": "\(outcome.error ?? "")",
        ]
        switch (outcome.result, next) {
        case (.delivered, _): logger.info("notification delivered", metadata: metadata)
        case (.interrupted, _): logger.info("notification interrupted", metadata: metadata)
        case (_, nil): logger.error("notification given up", metadata: metadata)
        case (_, _?): logger.warning("notification failed, will be tried again", metadata: metadata)
        }
    }

    /// Until `instant` or a signal, but no longer than a few seconds.
    private func sleep(until instant: Timestamp?, or signal: Signal) async throws {
        let wait = instant.map { min(max($0 - clock.now, .milliseconds(20)), Self.longestSleep) } ?? Self.longestSleep
        do {
            try await withDeadline(wait) { try await signal.wait() }
        } catch is DeadlineExceeded {
            return
        }
    }
}
