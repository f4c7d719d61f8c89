internal import Model
internal import Synchronization

/// All agents, in memory, for the hot path: every batch asks here who signed it. The table is the truth; FleetService
/// keeps this copy in step with it, also with what other aggregators and the command line write.
final class AgentDirectory: Sendable {
    private struct State {
        var byID: [AgentID: AgentRecord] = [:]
        /// Contacts that the table does not have yet.
        var unsaved: Set<AgentID> = []
    }

    private let state = Mutex(State())

    init() {}

    /// Everyone, also the revoked.
    var all: [AgentRecord] { state.withLock { Array($0.byID.values) } }

    subscript(id: AgentID) -> AgentRecord? { state.withLock { $0.byID[id] } }

    /// Takes rows of the table; what was heard since stays.
    func merge(_ records: [AgentRecord]) {
        state.withLock { state in
            for var record in records {
                if let known = state.byID[record.id],
                    state.unsaved.contains(record.id) || known.contact.isNewer(than: record.contact)
                {
                    record.contact = known.contact
                }
                state.byID[record.id] = record
            }
        }
    }

    /// Notes what `change` says about the agent `id`; returns its record afterwards.
    @discardableResult
    func update(_ id: AgentID, _ change: (inout AgentContact) -> Void) -> AgentRecord? {
        state.withLock { state in
            guard var record = state.byID[id] else { return nil }
            change(&record.contact)
            state.byID[id] = record
            state.unsaved.insert(id)
            return record
        }
    }

    /// Forgets the agents of all clusters but those with these numbers.
    func keep(clusters numbers: Set<Int32>) {
        state.withLock { state in
            state.byID = state.byID.filter { numbers.contains($0.value.clusterNumber) }
            state.unsaved = state.unsaved.filter { state.byID[$0] != nil }
        }
    }

    /// Notes what another aggregator heard of the agent `id`, and saves.
    func follow(_ id: AgentID, _ change: (inout AgentContact) -> Void) {
        state.withLock { state in
            guard var record = state.byID[id] else { return }
            change(&record.contact)
            state.byID[id] = record
        }
    }

    /// Marks `id` as revoked from `at` on.
    func revoke(_ id: AgentID, at: Timestamp) {
        state.withLock { $0.byID[id]?.revokedAt = at }
    }

    /// The records whose contact the table does not have; they count as saved from now on.
    func takeUnsaved() -> [AgentRecord] {
        state.withLock { state in
            defer { state.unsaved = [] }
            return state.unsaved.compactMap { state.byID[$0] }
        }
    }

    /// Says that saving `ids` failed.
    func returnUnsaved(_ ids: some Sequence<AgentID>) {
        state.withLock { $0.unsaved.formUnion(ids) }
    }
}
