public import FrameCodec
internal import Logging
internal import Model
public import Postgres
internal import Synchronization

extension SeriesStore {
    /// Stores `batches` with all that is needed to read them, in the transaction of `connection`.
    ///
    /// - Returns: what ``apply(committed:)`` has to be given once the transaction is committed.
    public func write(_ batches: [AcceptedBatch], on connection: PostgresConnection) async throws -> WrittenBatches {
        guard let oldest = batches.map(\.receivedAt).min(), clock.now - oldest <= options.commitTolerance else {
            // Their slot may be turned into blocks before they are in it.
            throw StoreError(.tooLate, "batches waited more than \(options.commitTolerance) to be stored")
        }
        let catalogue = state.withLock { $0.catalogue }
        var written = WrittenBatches(batches: batches)
        let strangers = Set(batches.map(\.agent)).filter { catalogue.agents[$0] == nil }
        if !strangers.isEmpty {
            written.agents = try await CatalogueTables.agents(strangers.sorted(), on: connection)
        }
        try await writeSources(of: batches, known: catalogue, into: &written, on: connection)
        try await writeLayouts(of: batches, known: catalogue, into: &written, on: connection)
        try await BatchTable.insert(batches, on: connection)
        try await CommitNotice(batches, by: origin)?.send(on: connection)
        return written
    }

    /// Makes batches whose transaction was committed visible to queries.
    public func apply(committed written: WrittenBatches) {
        let oldest = clock.now - options.recentAge
        state.withLock { state in
            state.learn(written)
            for accepted in written.batches {
                state.add(
                    StoredBatch(
                        agent: accepted.agent, receivedAt: accepted.receivedAt.milliseconds, batch: accepted.batch))
            }
            state.recent.evict(receivedThrough: oldest.milliseconds)
        }
    }

    private func writeSources(
        of batches: [AcceptedBatch], known: Catalogue, into written: inout WrittenBatches,
        on connection: PostgresConnection
    ) async throws {
        var declared: [StreamNumber: CatalogueTables.Declaration] = [:]
        var undeclared: Set<StreamNumber> = []
        for accepted in batches {
            for item in accepted.batch.items {
                guard let (number, descriptor) = item.sourceNumber else { continue }
                let key = StreamNumber(agent: accepted.agent, epoch: accepted.batch.header.epoch, number: number)
                let record = known.numbers[key].flatMap { known.sources[$0.source] }
                if let descriptor, record?.descriptor != descriptor {
                    let at = (accepted.batch.span?.lowerBound ?? accepted.batch.header.madeAt).milliseconds
                    let first = min(at, declared[key]?.firstAt ?? .max)
                    declared[key] = CatalogueTables.Declaration(
                        agent: accepted.agent, descriptor: descriptor, firstAt: first)
                } else if record == nil, declared[key] == nil {
                    undeclared.insert(key)
                }
            }
        }
        try await addSources(declared, into: &written, on: connection)
        for stream in Set(undeclared.map { StreamNumber(agent: $0.agent, epoch: $0.epoch, number: 0) }) {
            // Declared to another aggregator, or before a restart that this epoch has outlived.
            let (numbers, sources) = try await CatalogueTables.numbers(
                stream.agent, epoch: stream.epoch, on: connection)
            written.numbers.merge(numbers) { $1 }
            written.sources += sources
        }
    }

    private func addSources(
        _ declared: [StreamNumber: CatalogueTables.Declaration], into written: inout WrittenBatches,
        on connection: PostgresConnection
    ) async throws {
        guard !declared.isEmpty else { return }
        struct Key: Hashable {
            var agent: Int32
            var kind: SourceDescriptor.Kind
            var name: String
            var port: UInt16
        }
        func key(_ agent: Int32, _ descriptor: SourceDescriptor) -> Key {
            Key(agent: agent, kind: descriptor.kind, name: descriptor.name, port: descriptor.port)
        }
        let distinct = Dictionary(declared.values.map { (key($0.agent, $0.descriptor), $0) }) { first, second in
            first.firstAt <= second.firstAt ? second : first
        }
        let records = try await CatalogueTables.upsert(Array(distinct.values), on: connection)
        let ids = Dictionary(records.map { (key($0.agent, $0.descriptor), $0.id) }) { $1 }
        var numbers: [StreamNumber: SourceNumber] = [:]
        for (number, declaration) in declared {
            guard let id = ids[key(declaration.agent, declaration.descriptor)] else { continue }
            numbers[number] = SourceNumber(source: id, firstAt: declaration.firstAt)
        }
        try await CatalogueTables.insert(numbers, on: connection)
        written.sources += records
        written.numbers.merge(numbers) { $1 }
    }

    private func writeLayouts(
        of batches: [AcceptedBatch], known: Catalogue, into written: inout WrittenBatches,
        on connection: PostgresConnection
    ) async throws {
        var seen: Set<LayoutHash> = []
        var pairs: [SourceLayout] = []
        for accepted in batches {
            for item in accepted.batch.items {
                if case .layout(_, let additions) = item, known.layouts[additions.hash] == nil,
                    seen.insert(additions.hash).inserted
                {
                    written.layouts.append(additions)
                }
            }
            for keyframe in accepted.batch.keyframes {
                let key = StreamNumber(
                    agent: accepted.agent, epoch: accepted.batch.header.epoch, number: keyframe.source)
                guard let source = (written.numbers[key] ?? known.numbers[key])?.source,
                    known.layoutsOfSource[source]?.contains(where: { $0.layout == keyframe.layout }) != true,
                    !pairs.contains(where: { $0.source == source && $0.layout == keyframe.layout })
                else { continue }
                pairs.append(
                    SourceLayout(source: source, layout: keyframe.layout, firstAt: keyframe.timestamp.milliseconds))
            }
        }
        try await CatalogueTables.insert(written.layouts, at: clock.now, on: connection)
        try await CatalogueTables.insert(pairs, on: connection)
        written.layoutsOfSources = pairs
    }

    // MARK: For those who check batches

    /// How long after its last batch a stream's keyframes are sure to be in the tables.
    public var contextLifetime: Duration { options.recentAge }

    /// Looks up what `context` lacks of the stream (`agent`, `epoch`), after a restart or on another aggregator.
    ///
    /// - Returns: whether it was found, so that the batch may be tried again.
    public func fill(
        _ missing: MissingContext, agent: Int32, epoch: UInt64, into context: inout StreamContext
    ) async throws -> Bool {
        let catalogue = state.withLock { $0.catalogue }
        switch missing {
        case .source(let number):
            let key = StreamNumber(agent: agent, epoch: epoch, number: number)
            var record = catalogue.numbers[key].flatMap { catalogue.sources[$0.source] }
            if record == nil {
                let (numbers, sources) = try await pool.withConnection {
                    try await CatalogueTables.numbers(agent, epoch: epoch, on: $0)
                }
                record = sources.first { $0.id == numbers[key]?.source }
            }
            guard let record else { return false }
            try context.add(record.descriptor, source: number)
        case .layout(let hash, let source):
            var layouts = catalogue.layouts
            if layouts[hash] == nil {
                layouts = try await pool.withConnection { try await self.catalogue(knowing: [hash], on: $0).layouts }
            }
            guard let layout = layouts[hash] else { return false }
            context.add(hash, size: layout.size, source: source)
        case .keyframe(let source, let sequence):
            let key = KeyframeKey(agent: agent, epoch: epoch, source: source, sequence: sequence)
            guard let keyframe = try await keyframe(key) else { return false }
            context.add(keyframe: keyframe.shape, sequence: sequence, source: source)
        }
        return true
    }

    private func keyframe(_ key: KeyframeKey) async throws -> Keyframe? {
        if let scrape = state.withLock({ $0.recent.keyframe(key) }), case .keyframe(let keyframe) = scrape.content {
            return keyframe
        }
        guard case .keyframe(let keyframe) = try await table.keyframes([key])[key]?.content else { return nil }
        return keyframe
    }
}

extension SeriesStore.State {
    fileprivate mutating func learn(_ written: WrittenBatches) {
        for agent in written.agents { catalogue.add(agent) }
        catalogue.add(written.sources)
        for (number, meaning) in written.numbers { catalogue.add(number, meaning) }
        for layout in written.layouts { catalogue.add(layout) }
        for layout in written.layoutsOfSources { catalogue.add(layout) }
    }
}

extension BatchItem {
    /// The source that it is about, and what it says of it.
    var sourceNumber: (Int, SourceDescriptor?)? {
        switch self {
        case .source(let number, let descriptor): (number, descriptor)
        case .layout(let source, _), .state(let source, _): (source, nil)
        case .keyframe(let keyframe): (keyframe.source, nil)
        case .frame(let frame): (frame.source, nil)
        case .drop: nil
        }
    }
}
