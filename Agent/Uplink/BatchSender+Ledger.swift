internal import AgentProtocol
internal import HTTPClient
internal import Logging
internal import Model
internal import Spool
internal import Synchronization

/// When to ask the aggregator what it lacks: once for each connection, as whoever restores a database has to stop what
/// uses it. A value.
struct LedgerInquiry: Sendable {
    private let delay: ClosedRange<Duration>
    private let pause: Duration
    private var dueAt: ContinuousClock.Instant?
    private var askedAt: ContinuousClock.Instant?

    init(_ pace: BatchSender.Pace) {
        delay = pace.questionDelay
        pause = pace.questionPause
    }

    /// A connection was opened.
    mutating func connected(at now: ContinuousClock.Instant) {
        guard dueAt == nil else { return }
        let spread = (delay.upperBound - delay.lowerBound) * Double.random(in: 0...1)
        dueAt = max(now + delay.lowerBound + spread, askedAt.map { $0 + pause } ?? now)
    }

    func isDue(at now: ContinuousClock.Instant) -> Bool { dueAt.map { $0 <= now } ?? false }

    /// It was asked, and either is settled until the next connection or has to be asked again.
    mutating func asked(at now: ContinuousClock.Instant, isSettled: Bool) {
        askedAt = now
        dueAt = isSettled ? nil : now + pause
    }
}

extension BatchSender {
    /// Asks `aggregator` which of the batches that it acknowledged it lacks, and lets those go again.
    ///
    /// - Returns: false if it did not say, and should be asked again.
    func askWhatIsLacking(_ aggregator: String) async throws -> Bool {
        let held = await spool.acknowledged(limit: LedgerQuestion.limit)
        guard !held.isEmpty else { return true }
        let question = LedgerQuestion(held: held)
        let created = clock.now + shared.withLock { $0.clockOffset }
        let response: HTTPResponse
        do {
            let request = try signer.ledger(question, to: aggregator, of: identity.agent, created: created)
            response = try await client.send(request, deadline: pace.deadline)
        } catch let error as HTTPClientError {
            if error.code == .cancelled { throw CancellationError() }
            logger.debug("the aggregator was not asked what it lacks", metadata: ["reason": "\(error)"])
            return false
        }
        count(response.metrics)
        guard response.status == 200 else {
            logger.debug("the aggregator does not say what it lacks", metadata: ["status": "\(response.status)"])
            // One from before there was this question: it will not know it later either.
            return response.status == 404
        }
        let lacking = try? LedgerAnswer(json: response.body).lacking  // no answer of ours is as good as none
        guard let lacking else { return false }
        let count = await spool.rewind(lacking: lacking)
        if count > 0 {
            logger.warning(
                "the aggregator lacks batches that it had acknowledged: restored from a backup? They are sent again",
                metadata: ["batches": "\(count)", "aggregator": "\(aggregator)"])
        }
        return true
    }
}
