internal import AsyncSupport
internal import Logging
public import Model
internal import Synchronization

extension FleetService {
    /// How many opinions and events are kept while the database is away; the oldest events are dropped beyond.
    private static let unsavedLimit = 10_000

    /// Takes what agents said of their members, in the order of arrival.
    ///
    /// - Parameter areSaved: whether another aggregator took them, and saves them. Their events are stored all the same,
    ///   unless they are already: it may have died before it came to that.
    /// - Returns: the events that are new, stored or waiting to be.
    @discardableResult
    public func apply(_ opinions: [MemberOpinion], areSaved: Bool = false) async -> [FleetEvent] {
        let events = state.withLock { state in
            var events: [FleetEvent] = []
            for opinion in opinions {
                events += state.observations[opinion.cluster, default: ClusterObservation(name: opinion.cluster)]
                    .apply(opinion)
                guard !areSaved,
                    opinion.observedAt >= state.unsavedOpinions[opinion.key]?.observedAt ?? opinion.observedAt
                else {
                    continue
                }
                state.unsavedOpinions[opinion.key] = opinion
            }
            return events
        }
        await store(events)
        return events
    }

    /// Stores `events` and tells everyone about those that are new.
    func store(_ events: [FleetEvent]) async {
        state.withLock { state in
            state.unsavedEvents += events
            if state.unsavedEvents.count > Self.unsavedLimit {
                state.unsavedEvents.removeFirst(state.unsavedEvents.count - Self.unsavedLimit)
            }
        }
        await saveLearnt()
    }

    /// Writes what waits to be written.
    func saveLearnt() async {
        let (opinions, events) = state.withLock { state in
            defer { (state.unsavedOpinions, state.unsavedEvents) = ([:], []) }
            return (state.unsavedOpinions, state.unsavedEvents)
        }
        guard !opinions.isEmpty || !events.isEmpty else { return }
        do {
            let known = opinions.values.compactMap { opinion in
                directory[opinion.key.agent].map { (agent: $0, opinion: opinion) }
            }
            try await ClusterStore(pool: pool).save(known)
            let stored = try await EventStore(pool: pool).insert(events, by: origin)
            told.withLock { _ = $0.note(stored.map(\.id)) }
            for event in stored {
                log(event)
                self.events.send(event)
            }
        } catch {
            logger.warning(
                "what agents said could not be saved; it is tried again",
                metadata: ["error": "\(String(reflecting: error))", "events": "\(events.count)"])
            state.withLock { state in
                state.unsavedOpinions.merge(opinions) { newer, _ in newer }
                state.unsavedEvents = Array((events + state.unsavedEvents).suffix(Self.unsavedLimit))
            }
        }
    }

    private func log(_ event: FleetEvent) {
        logger.notice(
            "fleet event",
            metadata: [
                "cluster": "\(event.cluster)", "node": "\(event.node ?? "")", "kind": "\(event.kind.rawValue)",
                "severity": "\(event.severity.rawValue)", "messageID": "\(event.kind.messageID)",
                "sentence": "\(event.sentence)",
            ])
    }

    /// The fleet as it is known now.
    public func snapshot() -> FleetSnapshot {
        let agents = Dictionary(grouping: directory.all.filter(\.isActive), by: \.cluster)
        let clusters = state.withLock { state in
            state.clusters.values.map { cluster in
                FleetSnapshot.Cluster(
                    number: cluster.number, name: cluster.name, maintenanceUntil: cluster.maintenanceUntil,
                    observation: state.observations[cluster.name] ?? ClusterObservation(name: cluster.name),
                    agents: (agents[cluster.name] ?? []).sorted { $0.node < $1.node })
            }
        }
        return FleetSnapshot(clusters: clusters.sorted { $0.name < $1.name }, listeningSince: listeningSince)
    }

    /// Every cluster's name, sorted.
    public var clusterNames: [String] { state.withLock { $0.clusters.keys.sorted() } }

    /// Events before the event `before`, newest first; nil means any.
    ///
    /// - Parameter limit: at most this many.
    public func events(
        cluster: String? = nil, kind: String? = nil, before: Int64? = nil, limit: Int
    ) async throws -> [FleetEvent] {
        try await EventStore(pool: pool).events(cluster: cluster, kind: kind, before: before, limit: limit)
    }

    /// At most `limit` events that happened within `range`, oldest first; `cluster` nil for all.
    public func events(
        cluster: String?, in range: ClosedRange<Timestamp>, limit: Int
    ) async throws -> [FleetEvent] {
        try await EventStore(pool: pool).events(cluster: cluster, in: range, limit: limit)
    }

    /// Deletes `cluster` and all that belongs to it: its agents are strangers from now on, here at once and at other
    /// aggregators within five seconds. Its history goes in the background.
    ///
    /// - Throws: `.notFound`.
    public func deleteCluster(_ cluster: String) async throws {
        guard try await ClusterStore(pool: pool).delete(cluster) else {
            throw FleetError(.notFound, "there is no cluster \(cluster)")
        }
        keep(try await ClusterStore(pool: pool).clusters())
    }

    /// Takes `clusters` for all there are, and forgets what belongs to others.
    func keep(_ clusters: [ClusterStore.Cluster]) {
        directory.keep(clusters: Set(clusters.map(\.number)))
        let names = Set(clusters.map(\.name))
        state.withLock { state in
            state.clusters = Dictionary(clusters.map { ($0.name, $0) }) { $1 }
            state.observations = state.observations.filter { names.contains($0.key) }
            state.unsavedOpinions = state.unsavedOpinions.filter { names.contains($0.value.cluster) }
            state.unsavedEvents.removeAll { !names.contains($0.cluster) }
        }
    }

    /// Begins or (with nil) ends a maintenance window.
    public func setMaintenance(_ cluster: String, until: Timestamp?) async throws {
        guard try await ClusterStore(pool: pool).setMaintenance(cluster, until: until) else {
            throw FleetError(.notFound, "there is no cluster \(cluster)")
        }
        state.withLock { $0.clusters[cluster]?.maintenanceUntil = until }
    }
}
