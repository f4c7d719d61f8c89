internal import AgentProtocol
internal import AsyncSupport
public import HTTPClient
public import Logging
public import Model
public import Spool
internal import Synchronization

/// Takes batches out of the spool, signs them and posts them, until the aggregator has acknowledged each.
///
/// Live batches go first; what an outage left behind follows at a limited rate. Every request has a deadline, every
/// failure a pause with jitter, every refusal the remedy that its code asks for. Of several aggregators the next one is
/// tried when one does not answer.
public final class BatchSender: Sendable {
    /// How patient it is.
    public struct Pace: Sendable {
        /// For one request with its answer.
        public var deadline = Duration.seconds(10)
        /// After the first failure; doubles with each further one.
        public var firstPause = Duration.milliseconds(250)
        /// At most, while the aggregator does not answer.
        public var longestPause = Duration.seconds(10)
        /// Between attempts while only a person can help.
        public var refusedPause = Duration.seconds(60)
        /// Between two batches of the history.
        public var historyPause = Duration.milliseconds(100)
        /// After so long without the aggregator what is kept becomes history, and the spool is synced to disk.
        public var outage = Duration.seconds(30)
        /// From a new connection to the question what the aggregator lacks: spread, as a whole fleet asks after a restart.
        public var questionDelay = Duration.seconds(1)...Duration.seconds(30)
        /// Between two such questions at least.
        public var questionPause = Duration.seconds(60)

        /// As the agent runs.
        public init() {}
    }

    let identity: AgentIdentity
    private let aggregators: [String]
    let spool: Spool
    let client: HTTPClient
    let signer: RequestSigner
    let logger: Logger
    let clock: WallClock
    let pace: Pace
    private let signal = Signal()
    private let onOrders: @Sendable () -> Void
    let shared: Mutex<UplinkStatus>

    /// A sender of `identity`'s batches in `spool`.
    /// - Parameters:
    ///   - aggregators: `https://HOST:PORT` without a path, in order of preference; at least one.
    ///   - client: with the TLS options to use; nil for TLS 1.3 that trusts the identity's CA alone, and HTTP/2
    ///     if the aggregator speaks it.
    ///   - onOrders: called when an answer announces orders.
    public init(
        identity: AgentIdentity, aggregators: [String], spool: Spool, client: HTTPClient? = nil, logger: Logger,
        clock: WallClock = .system, pace: Pace = Pace(), onOrders: @escaping @Sendable () -> Void = {}
    ) {
        self.onOrders = onOrders
        precondition(!aggregators.isEmpty)
        self.identity = identity
        self.aggregators = aggregators
        self.spool = spool
        self.client =
            client
            ?? HTTPClient(
                tls: TLSOptions(trust: .pem(identity.authorityPEM), minimumVersion: .tls13), version: .http2,
                maximumConnections: 2, idleConnections: 1)
        signer = RequestSigner(key: identity.key)
        self.logger = logger
        self.clock = clock
        self.pace = pace
        var status = UplinkStatus()
        status.aggregator = aggregators[0]
        shared = Mutex(status)
    }

    /// How the sending goes.
    public var status: UplinkStatus { shared.withLock { $0 } }

    /// Something was appended to the spool. May be called from anywhere.
    public func wake() { signal.send() }

    /// Whether the aggregator has been away so long that what is appended should be synced to disk.
    public var isLongAway: Bool {
        guard let since = shared.withLock({ $0.awaySince }) else { return false }
        return clock.now - since >= pace.outage
    }

    /// Sends until the task is cancelled.
    public func run() async throws {
        var delivery = Delivery(
            backoff: Backoff(initial: pace.firstPause, maximum: pace.longestPause), inquiry: LedgerInquiry(pace))
        while !Task.isCancelled {
            if let record = await spool.next(.live) {
                try await deliver(record, &delivery)
            } else if let record = await spool.next(.history) {
                try await deliver(record, &delivery)
                try await pause(pace.historyPause, isCutShort: true)
            } else {
                try await signal.wait()
            }
        }
    }

    /// What is remembered from one request to the next.
    private struct Delivery {
        var backoff: Backoff
        var inquiry: LedgerInquiry
        var aggregator = 0
        var failuresInARow = 0
        var wasStale = false
    }

    /// Sends `record` once and does what the answer asks for.
    private func deliver(_ record: SpoolRecord, _ delivery: inout Delivery) async throws {
        let aggregator = aggregators[delivery.aggregator]
        let created = clock.now + shared.withLock { $0.clockOffset }
        let response: HTTPResponse
        do {
            let request = try signer.batch(record.body, to: aggregator, of: identity.agent, created: created)
            response = try await client.send(request, deadline: pace.deadline)
        } catch let error as HTTPClientError {
            if error.code == .cancelled { throw CancellationError() }
            try await fail(error.code.rawValue, "\(aggregator): \(error)", retryAfter: nil, &delivery)
            return
        }
        count(response.metrics)
        if response.metrics.openedConnection { delivery.inquiry.connected(at: .now) }
        switch Answer(response) {
        case .accepted:
            try await accepted(record, aggregator, &delivery)
            if response[header: AgentProtocol.commandsHeader] != nil { onOrders() }
            if delivery.inquiry.isDue(at: .now) {
                delivery.inquiry.asked(at: .now, isSettled: try await askWhatIsLacking(aggregator))
            }
        case .problem(let problem, let retryAfter):
            try await act(on: problem, retryAfter, record, aggregator, &delivery)
        case .other(let status, let retryAfter):
            try await fail(
                "status-\(status)", "\(aggregator): HTTP status \(status)", retryAfter: retryAfter, &delivery)
        }
    }

    private func accepted(
        _ record: SpoolRecord, _ aggregator: String, _ delivery: inout Delivery
    ) async throws {
        await spool.acknowledge(record.position)
        delivery.backoff.reset()
        delivery.failuresInARow = 0
        delivery.wasStale = false
        let now = clock.now
        let away = shared.withLock { status in
            defer {
                status.acknowledgedBatches += 1
                status.lastSuccess = now
                status.lastError = ""
                status.aggregator = aggregator
                status.awaySince = nil
                status.isRefused = false
            }
            return status.awaySince
        }
        guard let away else { return }
        logger.info(
            "the aggregator is back",
            metadata: ["aggregator": "\(aggregator)", "awaySeconds": "\((now - away).components.seconds)"])
        if now - away >= pace.outage, record.lane == .live { await spool.startLive() }
    }

    private func act(
        on problem: Problem, _ retryAfter: Duration?, _ record: SpoolRecord, _ aggregator: String,
        _ delivery: inout Delivery
    ) async throws {
        let words = "\(aggregator): \(problem.detail)"
        switch problem.code.remedy {
        case .retry:
            try await fail(problem.code.rawValue, words, retryAfter: retryAfter, &delivery)
        case .signAgain:
            guard let time = problem.serverTime, !delivery.wasStale else {
                try await fail(problem.code.rawValue, words, retryAfter: retryAfter, &delivery)
                return
            }
            delivery.wasStale = true
            let offset = time - clock.now
            note(problem.code.rawValue) { $0.clockOffset = offset }
            logger.warning(
                "this host's clock differs from the aggregator's; signing by the aggregator's",
                metadata: ["offsetSeconds": "\(offset.fractionalSeconds)"])
        case .resendSegment:
            note(problem.code.rawValue) { _ in }
            if record.position.index == 0 {
                // The segment's first batch needs nothing before it: sending it again would go on for ever.
                try await giveUp(record, problem)
            } else {
                logger.info("sending a segment again", metadata: ["reason": "\(problem.detail)"])
                await spool.rewind(toSegmentOf: record.position)
            }
        case .giveUpBatch:
            note(problem.code.rawValue) { _ in }
            try await giveUp(record, problem)
            if problem.code == .conflictingSequence { await spool.startEpoch() }
        case .wait:
            let now = clock.now
            note(problem.code.rawValue) { status in
                status.isRefused = true
                status.lastError = words
                if status.awaySince == nil { status.awaySince = now }
            }
            logger.error(
                "the aggregator refuses this agent; what is measured is kept",
                metadata: ["code": "\(problem.code.rawValue)", "reason": "\(words)"])
            try await pause(pace.refusedPause, isCutShort: false)
        }
    }

    private func giveUp(_ record: SpoolRecord, _ problem: Problem) async throws {
        logger.error(
            "the aggregator will never take a batch; it is left out",
            metadata: [
                "code": "\(problem.code.rawValue)", "reason": "\(problem.detail)",
                "epoch": "\(record.position.epoch)", "sequence": "\(record.position.sequence)",
            ])
        shared.withLock { $0.refusedBatches += 1 }
        await spool.leaveOut(record.position)
    }

    /// Notes a failure, goes to the next aggregator, and waits once all were tried.
    private func fail(
        _ reason: String, _ words: String, retryAfter: Duration?, _ delivery: inout Delivery
    ) async throws {
        let now = clock.now
        let isFirst = shared.withLock { status in
            defer { if status.awaySince == nil { status.awaySince = now } }
            return status.awaySince == nil
        }
        note(reason) { $0.lastError = words }
        if isFirst {
            logger.warning("a batch was not taken; it is kept and sent again", metadata: ["reason": "\(words)"])
        } else {
            logger.debug("a batch was not taken", metadata: ["reason": "\(words)"])
        }
        delivery.failuresInARow += 1
        delivery.aggregator = (delivery.aggregator + 1) % aggregators.count
        guard delivery.failuresInARow % aggregators.count == 0 else { return }
        let wait = delivery.backoff.next()
        try await pause(max(wait, retryAfter ?? .zero), isCutShort: false)
    }

    private func note(_ reason: String, _ change: (inout UplinkStatus) -> Void) {
        shared.withLock { status in
            status.failures[reason, default: 0] += 1
            change(&status)
        }
    }

    func count(_ metrics: HTTPMetrics) {
        shared.withLock { status in
            status.sentBytes += UInt64(max(0, metrics.sentBytes))
            status.receivedBytes += UInt64(max(0, metrics.receivedBytes))
            if metrics.openedConnection { status.connections += 1 }
        }
    }

    /// Waits for `duration`, or until something new is in the spool if that may cut it short.
    private func pause(_ duration: Duration, isCutShort: Bool) async throws {
        guard isCutShort else { return try await Task.sleep(for: duration) }
        do {
            try await withDeadline(duration) { [signal] in try await signal.wait() }
        } catch is DeadlineExceeded {
            return
        }
    }
}
