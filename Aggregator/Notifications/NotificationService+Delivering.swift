internal import AsyncSupport
internal import Logging
internal import Model
internal import Postgres
internal import ServiceLifecycle
internal import Synchronization

/// The work: groups that are due become deliveries, and deliveries are made.
extension NotificationService {
    /// Delivers until the program stops; what is being sent then is tried again at the next start.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.repeatedly("dispatcher") { try await self.dispatchLoop() } }
                group.addTask { await self.repeatedly("listener") { try await self.listen() } }
                group.addTask { await self.repeatedly("retention") { try await self.retentionLoop() } }
                group.addTask { await self.runSenders() }
            }
        }
    }

    /// Gives each channel its senders as it appears. Those of one that is removed idle: there are few.
    private func runSenders() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for name in setup.channels.keys.sorted() where state.withLock({ $0.senders[name] == nil }) {
                    let signals = (0..<Self.sendersPerChannel).map { _ in Signal() }
                    state.withLock { $0.senders[name] = signals }
                    for signal in signals {
                        group.addTask { await self.repeatedly(name) { try await self.sendLoop(name, signal) } }
                    }
                }
                do {
                    try await channelsChanged.wait()
                } catch {
                    return
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
        while true {
            try await takeOverSettings()
            let flushed = FlushConfiguration(configuration)
            while try await ledger.flushOne(flushed, at: clock.now) {}
            let windows = try await silences().filter { $0.kind == .maintenance }
            state.withLock { $0.maintenance = windows }
            try await standIn()
            let now = clock.now
            state.withLock { $0.lastPass = now }
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
        for signal in state.withLock({ $0.senders.values.flatMap { $0 } }) { signal.send() }
    }

    private func retentionLoop() async throws {
        while true {
            try await ledger.forget(olderThan: Self.retention, at: clock.now)
            let before = clock.now - Self.silenceRetention
            try await ledger.pool.withConnection { try await SuppressionStore($0).forget(endedBefore: before) }
            try await Task.sleep(for: .seconds(3600))
        }
    }

    private func sendLoop(_ name: String, _ signal: Signal) async throws {
        while true {
            let setup = setup
            guard let channel = setup.channels[name] else {
                try await sleep(until: nil, or: signal)
                continue
            }
            let deadline = setup.configuration.channels.first { $0.name == name }?.deadline ?? .seconds(15)
            if let claimed = try await ledger.claim(channel: name, at: clock.now, lease: deadline + .seconds(10)) {
                try await deliver(claimed, on: channel)
                // Whatever waited behind this one in its group may go now.
                for other in state.withLock({ $0.senders[name] ?? [] }) { other.send() }
            } else {
                try await sleep(until: try await ledger.nextAttempt(channel: name), or: signal)
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
