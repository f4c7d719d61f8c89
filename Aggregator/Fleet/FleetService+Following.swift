internal import AsyncSupport
internal import Logging
public import Model
internal import Postgres
internal import Synchronization

extension FleetService {
    /// Most events that are made up for after a lost connection; whoever wants all reads the table.
    private static let missedLimit = 1000

    /// Notes that another aggregator has stored a batch of the agent `id`.
    public func noteFollowed(
        _ id: AgentID, at receivedAt: Timestamp, epoch: UInt64, sequence: UInt64, newestSample: Timestamp?
    ) {
        directory.follow(id) { contact in
            guard contact.lastSeen.map({ $0 < receivedAt }) ?? true else { return }
            contact.noteBatch(at: receivedAt, epoch: epoch, sequence: sequence, newestSample: newestSample)
        }
    }

    /// Reads who was enrolled lately, if that was not done within the last second: somebody who is not known here may be
    /// known to another aggregator, or claim to be.
    ///
    /// - Returns: whether it was read.
    public func lookForNewAgents() async -> Bool {
        let now = ContinuousClock.now
        let isDue = state.withLock { state in
            if let last = state.lookedForAgentsAt, now - last < .seconds(1) { return false }
            state.lookedForAgentsAt = now
            return true
        }
        guard isDue else { return false }
        await refresh()
        return true
    }

    /// Takes from the table when other aggregators last heard `ids`.
    ///
    /// - Returns: false if the table cannot be asked.
    func askOthers(about ids: [AgentID]) async -> Bool {
        do {
            for (id, instant) in try await AgentStore(pool: pool).lastSeen(of: ids) {
                directory.follow(id) { contact in
                    if contact.lastSeen.map({ $0 < instant }) ?? true { contact.lastSeen = instant }
                }
            }
            return true
        } catch {
            logger.debug("the table of agents could not be asked", metadata: ["error": "\(String(reflecting: error))"])
            return false
        }
    }

    /// Tells subscribers of the events that other aggregators store, until the task is cancelled.
    func followEvents() async {
        while !Task.isCancelled {
            do {
                try await pool.listen(to: EventStore.channel) { notification in
                    switch notification {
                    case .listening:
                        let newest = told.withLock { $0.newest }
                        // Before the first event there is nothing that subscribers could have missed.
                        guard newest > 0 else { break }
                        try await tell(
                            EventStore(pool: pool).events(
                                after: newest - ToldEvents.overlap, limit: Self.missedLimit), after: newest)
                    case .received(let payload):
                        guard let notice = EventNotice(payload: payload), notice.origin != origin else { break }
                        try await tell(EventStore(pool: pool).events(notice.ids), after: 0)
                    }
                }
            } catch is CancellationError {
                return
            } catch {
                logger.warning(
                    "events of other aggregators could not be read; it is tried again",
                    metadata: ["error": "\(String(reflecting: error))"])
                // Cancelled is how it ends.
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func tell(_ events: [FleetEvent], after newest: Int64) async throws {
        let news = told.withLock { $0.note(events.map(\.id)) }
        let untold = events.filter { news.contains($0.id) && $0.id > newest }
        guard !untold.isEmpty else { return }
        // Whoever is new here sends batches at once.
        if untold.contains(where: { $0.kind == .agentEnrolled || $0.kind == .agentRevoked }) { await refresh() }
        for event in untold { self.events.send(event) }
    }
}
