internal import FrameCodec
internal import Model
internal import SeriesStore
internal import Synchronization

/// What each stream (an epoch of an agent) has said so far, as far as it is committed. A cache of the store: what is
/// missing is looked up there.
final class StreamContexts: Sendable {
    /// One stream.
    struct Key: Hashable, Sendable {
        var agent: Int32
        var epoch: UInt64
    }

    private struct Entry {
        var context: StreamContext
        var used: Timestamp
    }

    private struct State {
        var entries: [Key: Entry] = [:]

        /// What is known of `key`, if it was used lately: the keyframes of a stream that paused may have left the table
        /// since, and its frames could not be decoded.
        func context(_ key: Key, at now: Timestamp, lifetime: Duration) -> StreamContext {
            guard let entry = entries[key], now - entry.used <= lifetime else { return StreamContext() }
            return entry.context
        }
    }

    private let capacity: Int
    private let store: SeriesStore
    private let state = Mutex(State())

    init(store: SeriesStore, capacity: Int = 20_000) {
        self.capacity = capacity
        self.store = store
    }

    /// What is known of `key`'s source `number`.
    func descriptor(_ key: Key, _ number: Int) -> SourceDescriptor? {
        state.withLock { $0.entries[key]?.context.descriptor(of: number) }
    }

    /// Checks `batch` against its stream without remembering it.
    ///
    /// - Throws: `CodecError`, `.missingContext` only after the store was asked; `PostgresError`.
    func check(_ batch: Batch, of agent: Int32, at now: Timestamp) async throws {
        let key = Key(agent: agent, epoch: batch.header.epoch)
        // Each round adds one missing thing; a batch names only so many.
        for _ in 0...(batch.items.count * 3 + 8) {
            var context = state.withLock { $0.context(key, at: now, lifetime: store.contextLifetime) }
            do throws(CodecError) {
                try context.admit(batch)
                return
            } catch {
                guard let missing = error.missing,
                    try await store.fill(missing, agent: agent, epoch: key.epoch, into: &context)
                else { throw error }
                put(context, key, at: now)
            }
        }
        throw CodecError(.contradiction, "a batch whose context cannot be completed")
    }

    /// Remembers what committed `batches` say, in their order.
    func admit(_ batches: [(agent: Int32, batch: Batch)], at now: Timestamp) {
        for (agent, batch) in batches {
            let key = Key(agent: agent, epoch: batch.header.epoch)
            var context = state.withLock { $0.context(key, at: now, lifetime: store.contextLifetime) }
            // Checked before; if another batch of the stream came between, the next check asks the database.
            try? context.admit(batch)
            put(context, key, at: now)
        }
    }

    private func put(_ context: StreamContext, _ key: Key, at now: Timestamp) {
        state.withLock { state in
            state.entries[key] = Entry(context: context, used: now)
            guard state.entries.count > capacity else { return }
            // A tenth at a time: sorting is paid once for many insertions.
            let oldest = state.entries.sorted { $0.value.used < $1.value.used }.prefix(capacity / 10)
            for entry in oldest { state.entries[entry.key] = nil }
        }
    }
}
