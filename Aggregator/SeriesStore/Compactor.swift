internal import FrameCodec
internal import Logging
internal import Model
internal import Postgres

/// Turns the batches of closed slots into young blocks.
///
/// Restartable at any point, and several may run: each step is a transaction that holds a lock, adds the blocks of some
/// agents and moves the slot's mark on.
struct Compactor: Sendable {
    /// Agents in one transaction: some thousand batches in memory.
    static let agentsAtATime = 16

    let store: SeriesStore

    /// Compacts what can be compacted, one step after the other, until nothing is left or the task is cancelled.
    func run() async throws {
        while try await step() { try Task.checkCancellation() }
    }

    /// Makes one step.
    ///
    /// - Returns: false if there was nothing to do.
    private func step() async throws -> Bool {
        // A batch is committed soon after it was received, or not at all.
        let closed = store.clock.now - store.options.commitTolerance
        return try await store.pool.transaction { connection in
            try await connection.lockUntilCommit("compaction")
            guard let partition = try await store.partitions.next(endedBy: closed, on: connection) else { return false }
            let agents = try await connection.query(
                """
                select id from agent where id > \(partition.compactedAgents) order by id limit \(Self.agentsAtATime)
                """
            ).map { try $0["id", as: Int32.self] }
            if let last = agents.last {
                try await compact(agents, of: partition, on: connection)
                try await store.partitions.note(partition, through: last, isComplete: false, on: connection)
            } else {
                try await store.partitions.note(
                    partition, through: partition.compactedAgents, isComplete: true, on: connection)
            }
            return true
        }
    }

    private func compact(
        _ agents: [Int32], of partition: BatchPartitions.Partition, on connection: PostgresConnection
    ) async throws {
        let batches = try await store.table.batches(of: agents, inPartition: partition.name, on: connection)
        let catalogue = try await store.catalogue(knowing: batches, on: connection)
        var scrapes: [Int32: [Scrape]] = [:]
        for batch in batches {
            for scrape in batch.scrapes {
                guard let source = catalogue.numbers[scrape.streamNumber]?.source else { continue }
                scrapes[source, default: []].append(scrape)
            }
        }
        let keyframes = try await BatchTable.keyframes(under: batches, on: connection)
        var blocks: [NewBlock] = []
        for (source, scrapes) in scrapes {
            blocks += try self.blocks(
                of: source, scrapes, keyframes, catalogue, generation: partition.ends)
        }
        try await store.blocks.makePartitions(for: blocks)
        let layouts = try await BlockTable.layoutIDs(Set(blocks.map(\.stretch.layout)), on: connection)
        let nameless = blocks.count { layouts[$0.stretch.layout] == nil }
        if nameless > 0 {
            // No reader could say what their series are, and others must not wait for them.
            store.logger.error("blocks of unknown layouts are lost", metadata: ["blocks": "\(nameless)"])
            blocks.removeAll { layouts[$0.stretch.layout] == nil }
        }
        try await BlockTable.insert(blocks, layouts: layouts, on: connection)
    }

    private func blocks(
        of source: Int32, _ scrapes: [Scrape], _ keyframes: [KeyframeKey: Scrape], _ catalogue: Catalogue,
        generation: Int64
    ) throws -> [NewBlock] {
        var decoder = WholeDecoder(keyframes: keyframes)
        for scrape in scrapes { decoder.add(scrape) }
        if decoder.unreadable > 0 {
            store.logger.error(
                "scrapes could not be decoded and are lost",
                metadata: ["source": "\(source)", "count": "\(decoder.unreadable)"])
        }
        var blocks: [NewBlock] = []
        for (window, rows) in decoder.rows(byWindowsOf: store.options.blockWindow) {
            let tips = catalogue.tips(of: Set(rows.map(\.layout)))
            for (tip, rows) in Dictionary(grouping: rows, by: { tips[$0.layout] ?? $0.layout }) {
                let stretch = StoredBlock.Stretch(
                    source: source, window: window, generation: generation, layout: tip, level: BlockTable.young)
                var writer = BlockWriter(stretch, timestamps: rows.map(\.timestamp))
                for number in 0..<(rows.map(\.values.count).max() ?? 0) {
                    // A layout grew: before that the series was not there.
                    try writer.append(rows.map { number < $0.values.count ? $0.values[number] : .stale })
                }
                blocks += try writer.finish()
            }
        }
        return blocks
    }
}

/// Decodes every series of one source's scrapes.
struct WholeDecoder {
    struct Row: Sendable {
        var timestamp: Int64
        var receivedAt: Int64
        var layout: LayoutHash
        var values: [Double]
    }

    private let keyframes: [KeyframeKey: Scrape]
    private var decoded: [KeyframeKey: (values: KeyframeValues, layout: LayoutHash)] = [:]
    private var rows: [Row] = []
    private(set) var unreadable = 0

    init(keyframes: [KeyframeKey: Scrape]) {
        self.keyframes = keyframes
    }

    mutating func add(_ scrape: Scrape) {
        do throws(CodecError) {
            guard let base = try base(scrape.keyframeKey) else {
                unreadable += 1
                return
            }
            let values =
                switch scrape.content {
                case .keyframe: base.values.values
                case .frame(let frame): try scrape.stored.batch.values(of: frame, keyframe: base.values)
                }
            rows.append(
                Row(
                    timestamp: scrape.timestamp, receivedAt: scrape.stored.receivedAt, layout: base.layout,
                    values: values))
        } catch {
            unreadable += 1
        }
    }

    private mutating func base(
        _ key: KeyframeKey
    ) throws(CodecError) -> (values: KeyframeValues, layout: LayoutHash)? {
        if let known = decoded[key] { return known }
        guard let scrape = keyframes[key], case .keyframe(let keyframe) = scrape.content else { return nil }
        let base = (values: try scrape.stored.batch.values(of: keyframe), layout: keyframe.layout)
        decoded[key] = base
        return base
    }

    /// What was decoded, in order, one row per instant, by the windows of `length` that they fall into.
    func rows(byWindowsOf length: Duration) -> [(window: Int64, rows: [Row])] {
        let milliseconds = length.milliseconds
        let sorted = rows.sorted { ($0.timestamp, $0.receivedAt) < ($1.timestamp, $1.receivedAt) }
        var result: [(window: Int64, rows: [Row])] = []
        for (at, row) in sorted.enumerated() {
            // Of two at one instant the one received later counts.
            if at + 1 < sorted.count, sorted[at + 1].timestamp == row.timestamp { continue }
            let window = row.timestamp.floored(to: milliseconds)
            if result.last?.window == window {
                result[result.count - 1].rows.append(row)
            } else {
                result.append((window, [row]))
            }
        }
        return result
    }
}
