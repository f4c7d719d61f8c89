public import FrameCodec
internal import Logging
public import Model
internal import Postgres
internal import Synchronization

/// A batch that another aggregator took.
public struct FollowedBatch: Sendable {
    /// The row of the agent that sent it.
    public var agent: Int32
    /// When it arrived there.
    public var receivedAt: Timestamp
    /// What it says.
    public var batch: Batch
    /// What its source numbers mean.
    public var descriptors: [Int: SourceDescriptor]
}

extension SeriesStore {
    /// Batches read at a time.
    private static let followedAtATime = 500
    /// Receipts looked through at a time after something was missed.
    private static let stretch: Int64 = 5000
    /// Between two readings: what is committed meanwhile is read together.
    private static let followingPause: Duration = .milliseconds(100)

    /// Shows queries what other aggregators over the same database commit, and gives it to `body`, until the task is
    /// cancelled.
    ///
    /// Each commit is announced by a notification that names its batches. After a lost connection, or when more was
    /// committed than names are kept, everything received since is looked through instead.
    public func follow(_ body: @escaping @Sendable ([FollowedBatch]) async -> Void) async throws {
        let backlog = FollowedBacklog()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.listen(backlog) }
            group.addTask { try await self.catchUp(backlog, body) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func listen(_ backlog: FollowedBacklog) async throws {
        var lastHeard = clock.now
        try await pool.listen(to: CommitNotice.channel) { notification in
            switch notification {
            case .listening:
                // Committed by then, received up to the tolerance before.
                backlog.miss(after: (lastHeard - options.commitTolerance).milliseconds)
            case .received(let payload):
                guard let notice = CommitNotice(payload: payload) else {
                    logger.debug("a notice of a commit could not be read")
                    break
                }
                if notice.origin != origin { backlog.add(notice) }
            }
            lastHeard = clock.now
        }
    }

    private func catchUp(
        _ backlog: FollowedBacklog, _ body: @Sendable ([FollowedBatch]) async -> Void
    ) async throws {
        while true {
            try await backlog.wait()
            while let work = backlog.take(Self.followedAtATime) {
                do {
                    try await read(work, body)
                } catch let error as PostgresError {
                    logger.warning(
                        "what other aggregators stored could not be read; it is tried again",
                        metadata: ["error": "\(error.debugDescription)"])
                    switch work {
                    case .everything(let after): backlog.miss(after: after)
                    case .batches(_, let receipts): backlog.miss(after: receipts.lowerBound - 1)
                    }
                    try await Task.sleep(for: .seconds(1))
                }
            }
            try await Task.sleep(for: Self.followingPause)
        }
    }

    private func read(_ work: FollowedBacklog.Work, _ body: @Sendable ([FollowedBatch]) async -> Void) async throws {
        switch work {
        case .batches(let keys, let receipts):
            let news = try await absorb(table.received(keys, in: receipts))
            if !news.isEmpty { await body(news) }
        case .everything(let after):
            let now = clock.now
            var start = max(after, (now - options.recentAge).milliseconds)
            // Another aggregator's clock may be ahead.
            while start < now.milliseconds + BatchTable.futureTolerance {
                let news = try await absorb(table.received(after: start, through: start + Self.stretch))
                if !news.isEmpty { await body(news) }
                start += Self.stretch
            }
        }
    }

    /// Adds what is new of `batches` to what is in memory.
    ///
    /// - Returns: the new ones.
    private func absorb(_ batches: [ReceivedBatch]) async throws -> [FollowedBatch] {
        guard !batches.isEmpty else { return [] }
        try await learn(batches)
        let oldest = clock.now - options.recentAge
        return state.withLock { state in
            var news: [FollowedBatch] = []
            for received in batches where !state.has(received) {
                state.add(
                    StoredBatch(agent: received.agent, receivedAt: received.receivedAt, batch: received.batch))
                let numbers = Set(received.batch.items.compactMap { $0.sourceNumber?.0 })
                var descriptors: [Int: SourceDescriptor] = [:]
                for number in numbers {
                    guard let source = state.catalogue.numbers[received.stream(number)]?.source else { continue }
                    descriptors[number] = state.catalogue.sources[source]?.descriptor
                }
                news.append(
                    FollowedBatch(
                        agent: received.agent, receivedAt: Timestamp(milliseconds: received.receivedAt),
                        batch: received.batch, descriptors: descriptors))
            }
            state.recent.evict(receivedThrough: oldest.milliseconds)
            return news
        }
    }

    /// Completes the catalogue by what `batches` name.
    private func learn(_ batches: [ReceivedBatch]) async throws {
        let known = state.withLock { $0.catalogue }
        var streams: Set<StreamNumber> = []
        var layouts: Set<LayoutHash> = []
        for received in batches {
            for item in received.batch.items {
                guard let (number, descriptor) = item.sourceNumber else { continue }
                let record = known.numbers[received.stream(number)].flatMap { known.sources[$0.source] }
                if record == nil || descriptor.map({ $0 != record?.descriptor }) == true {
                    streams.insert(received.stream(0))
                }
            }
            for keyframe in received.batch.keyframes where known.layouts[keyframe.layout] == nil {
                layouts.insert(keyframe.layout)
            }
        }
        if !streams.isEmpty || !layouts.isEmpty {
            let (streams, layouts) = (streams, layouts)
            _ = try await pool.withConnection { try await self.learn(streams, layouts, on: $0) }
        }
        state.withLock { state in
            for received in batches {
                for keyframe in received.batch.keyframes {
                    guard let source = state.catalogue.numbers[received.stream(keyframe.source)]?.source else {
                        continue
                    }
                    state.catalogue.add(
                        SourceLayout(
                            source: source, layout: keyframe.layout, firstAt: keyframe.timestamp.milliseconds))
                }
            }
        }
    }
}

extension SeriesStore.State {
    /// Whether a batch is in memory: it is if its first scrape is.
    fileprivate func has(_ received: ReceivedBatch) -> Bool {
        for item in received.batch.items {
            let (number, timestamp): (Int, Timestamp)
            switch item {
            case .keyframe(let keyframe): (number, timestamp) = (keyframe.source, keyframe.timestamp)
            case .frame(let frame): (number, timestamp) = (frame.source, frame.timestamp)
            default: continue
            }
            guard let source = catalogue.numbers[received.stream(number)]?.source,
                let scrapes = recent.scrapes[source]
            else { return false }
            let header = received.batch.header
            var at = scrapes.firstIndex(from: timestamp.milliseconds)
            while at < scrapes.count, scrapes[at].timestamp == timestamp.milliseconds {
                let stored = scrapes[at].stored
                if stored.agent == received.agent, stored.batch.header.epoch == header.epoch,
                    stored.batch.header.sequence == header.sequence
                {
                    return true
                }
                at += 1
            }
            return false
        }
        return false
    }
}

/// A row of `batch`, whole.
struct ReceivedBatch: Sendable {
    var agent: Int32
    var receivedAt: Int64
    var batch: Batch

    func stream(_ number: Int) -> StreamNumber {
        StreamNumber(agent: agent, epoch: batch.header.epoch, number: number)
    }
}

extension BatchTable {
    /// The batches `keys`, in the order of their receipt, which was in `receipts`.
    fileprivate func received(_ keys: [BatchKey], in receipts: ClosedRange<Int64>) async throws -> [ReceivedBatch] {
        try await pool.query(
            """
            select b.agent_id, b.received_at, b.body
            from unnest(\(keys.map(\.agent)), \(keys.map { Int64(bitPattern: $0.epoch) }),
                \(keys.map { Int64(bitPattern: $0.sequence) })) as k (agent_id, epoch, sequence)
            join batch b on b.agent_id = k.agent_id and b.epoch = k.epoch and b.sequence = k.sequence
            where b.received_at between \(Timestamp(milliseconds: receipts.lowerBound))
                and \(Timestamp(milliseconds: receipts.upperBound))
            order by b.received_at, b.agent_id, b.epoch, b.sequence
            """
        ).map(Self.received)
    }

    /// The batches received after `start` and at or before `end`, in that order.
    fileprivate func received(after start: Int64, through end: Int64) async throws -> [ReceivedBatch] {
        try await pool.query(
            """
            select agent_id, received_at, body from batch
            where received_at > \(Timestamp(milliseconds: start)) and received_at <= \(Timestamp(milliseconds: end))
            order by received_at, agent_id, epoch, sequence
            """
        ).map(Self.received)
    }

    private static func received(_ row: Row) throws -> ReceivedBatch {
        let receivedAt: Timestamp = try row["received_at"]
        return ReceivedBatch(
            agent: try row["agent_id"], receivedAt: receivedAt.milliseconds, batch: try Batch.decode(try row["body"]))
    }
}
