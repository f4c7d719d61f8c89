internal import FrameCodec
internal import Postgres
internal import Synchronization

/// What each stream (an epoch of an agent) has said so far, as far as it is committed. A cache of the database: what is
/// missing is looked up there.
final class StreamContexts: Sendable {
    /// One stream.
    struct Key: Hashable, Sendable {
        var agent: Int32
        var epoch: UInt64
    }

    private struct Entry {
        var context: StreamContext
        var used: UInt64
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var clock: UInt64 = 0
    }

    private let capacity: Int
    private let store: ContextStore
    private let state = Mutex(State())

    init(pool: PostgresPool, capacity: Int = 20_000) {
        self.capacity = capacity
        store = ContextStore(pool: pool)
    }

    /// What is known of `key`'s source `number`.
    func descriptor(_ key: Key, _ number: Int) -> SourceDescriptor? {
        state.withLock { $0.entries[key]?.context.descriptor(of: number) }
    }

    /// Checks `batch` against its stream without remembering it.
    ///
    /// - Throws: `CodecError`, `.missingContext` only after the database was asked; `PostgresError`.
    func check(_ batch: Batch, of agent: Int32) async throws {
        let key = Key(agent: agent, epoch: batch.header.epoch)
        // Each round adds one missing thing; a batch names only so many.
        for _ in 0...(batch.items.count * 3 + 8) {
            var context = state.withLock { $0.entries[key]?.context ?? StreamContext() }
            do throws(CodecError) {
                try context.admit(batch)
                return
            } catch {
                guard let missing = error.missing,
                    try await store.add(missing, to: &context, of: key, sequence: batch.header.sequence)
                else { throw error }
                put(context, key)
            }
        }
        throw CodecError(.contradiction, "a batch whose context cannot be completed")
    }

    /// Remembers what committed `batches` say, in their order.
    func admit(_ batches: [(agent: Int32, batch: Batch)]) {
        for (agent, batch) in batches {
            let key = Key(agent: agent, epoch: batch.header.epoch)
            var context = state.withLock { $0.entries[key]?.context ?? StreamContext() }
            // Checked before; if another batch of the stream came between, the next check asks the database.
            try? context.admit(batch)
            put(context, key)
        }
    }

    private func put(_ context: StreamContext, _ key: Key) {
        state.withLock { state in
            state.clock += 1
            state.entries[key] = Entry(context: context, used: state.clock)
            guard state.entries.count > capacity else { return }
            // A tenth at a time: sorting is paid once for many insertions.
            let oldest = state.entries.sorted { $0.value.used < $1.value.used }.prefix(capacity / 10)
            for entry in oldest { state.entries[entry.key] = nil }
        }
    }
}

/// The SQL that finds what a stream said before this process knew it.
struct ContextStore: Sendable {
    let pool: PostgresPool

    /// Adds `missing` to `context` if it is stored.
    func add(
        _ missing: MissingContext, to context: inout StreamContext, of key: StreamContexts.Key, sequence: UInt64
    ) async throws -> Bool {
        switch missing {
        case .source(let number):
            guard let descriptor = try await source(number, key) else { return false }
            try context.add(descriptor, source: number)
        case .layout(let hash, let source):
            let rows = try await pool.query("select body from layout where hash = \(hash.bytes)")
            guard let row = rows.first else { return false }
            context.add(hash, size: try LayoutAdditions(decoding: try row["body"]).size, source: source)
        case .keyframe(let source, let wanted):
            guard let shape = try await keyframe(source, wanted, key) else { return false }
            context.add(keyframe: shape, sequence: wanted, source: source)
        }
        return true
    }

    private func source(_ number: Int, _ key: StreamContexts.Key) async throws -> SourceDescriptor? {
        let rows = try await pool.query(
            """
            select s.kind, s.name, s.port, s.interval_ms from source_number n join source s on s.id = n.source_id
            where n.agent_id = \(key.agent) and n.epoch = \(Int64(bitPattern: key.epoch)) and n.number = \(Int32(number))
            """)
        guard let row = rows.first, let kind = SourceDescriptor.Kind(word: try row["kind"]) else { return nil }
        return SourceDescriptor(
            kind: kind, name: try row["name"], port: UInt16(clamping: try row["port", as: Int32.self]),
            interval: .milliseconds(try row["interval_ms", as: Int64.self]))
    }

    private func keyframe(
        _ source: Int, _ sequence: UInt64, _ key: StreamContexts.Key
    ) async throws -> KeyframeShape? {
        let rows = try await pool.query(
            """
            select body from batch where agent_id = \(key.agent) and epoch = \(Int64(bitPattern: key.epoch))
                and sequence = \(Int64(bitPattern: sequence))
            """)
        guard let row = rows.first else { return nil }
        return try Batch.decode(try row["body"]).keyframes.first { $0.source == source }?.shape
    }
}

extension SourceDescriptor.Kind {
    /// The word in the table `source`.
    var word: String {
        switch self {
        case .etcd: "etcd"
        case .host: "host"
        case .agent: "agent"
        case .aggregator: "aggregator"
        }
    }

    /// The kind of this word.
    init?(word: String) {
        guard let kind = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = kind
    }
}
