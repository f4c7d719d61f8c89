internal import FrameCodec
internal import Logging
internal import Model
internal import Spool
internal import Synchronization

/// Turns scrapes into batches and puts them into the spool, one after the other.
///
/// Sources hand over without waiting: a disk that hangs must not hold up the next tick. What waits is bounded; the
/// oldest goes first and is counted.
final class BatchWriter: Sendable {
    /// A batch to be: the scrapes of one tick, or of one change.
    private struct Order: Sendable {
        var scrapes: [Scrape]
    }

    private struct Counts {
        var lost: UInt64 = 0
        var batches: UInt64 = 0
        var bytes: UInt64 = 0
    }

    private let spool: Spool
    private let logger: Logger
    private let clock: WallClock
    private let orders: AsyncStream<Order>
    private let continuation: AsyncStream<Order>.Continuation
    private let counts = Mutex(Counts())
    private let encoder: StreamEncoder
    private let shouldSync: @Sendable () -> Bool
    private let onAppend: @Sendable () -> Void

    /// - Parameters:
    ///   - sources: as they are numbered.
    ///   - shouldSync: whether the aggregator has been away for long.
    ///   - onAppend: called after each batch.
    init(
        agent: AgentID, sources: [SourceDescriptor], spool: Spool, logger: Logger, clock: WallClock = .system,
        shouldSync: @escaping @Sendable () -> Bool, onAppend: @escaping @Sendable () -> Void
    ) {
        self.spool = spool
        self.logger = logger
        self.clock = clock
        self.shouldSync = shouldSync
        self.onAppend = onAppend
        encoder = StreamEncoder(agent: agent, sources: sources)
        (orders, continuation) = AsyncStream.makeStream(of: Order.self, bufferingPolicy: .bufferingNewest(32))
    }

    /// Hands over `scrapes`, which become one batch.
    func write(_ scrapes: [Scrape]) {
        guard !scrapes.isEmpty else { return }
        if case .dropped = continuation.yield(Order(scrapes: scrapes)) { counts.withLock { $0.lost += 1 } }
    }

    /// Batches that never reached the spool.
    var lost: UInt64 { counts.withLock { $0.lost } }
    /// Batches written, and the bytes of their bodies as they are sent.
    var written: (batches: UInt64, bytes: UInt64) { counts.withLock { ($0.batches, $0.bytes) } }

    /// Nothing more will be handed over: `run` returns when all is written.
    func finish() { continuation.finish() }

    /// Writes until `finish` or cancellation.
    func run() async {
        var encoder = encoder
        var newest: [Int: Timestamp] = [:]
        var isFailing = false
        for await order in orders {
            // A scrape that answered late, after a newer one of its source was written, would go back in time.
            let scrapes = order.scrapes.filter { scrape in
                newest[scrape.source].map { $0 < scrape.timestamp } ?? true
            }
            guard !scrapes.isEmpty else { continue }
            for scrape in scrapes { newest[scrape.source] = scrape.timestamp }
            do {
                try await write(scrapes, with: &encoder)
                isFailing = false
            } catch {
                counts.withLock { $0.lost += 1 }
                encoder.restart()
                if !isFailing {
                    logger.error("a batch cannot be kept; measuring goes on", metadata: ["error": "\(error)"])
                }
                isFailing = true
            }
        }
    }

    private func write(_ scrapes: [Scrape], with encoder: inout StreamEncoder) async throws {
        do {
            try await append(scrapes, with: &encoder)
        } catch let error as SpoolError where error.code == .wrongSlot {
            // The sender began an epoch or the live lane just now: there is another slot for this batch.
            encoder.restart()
            try await append(scrapes, with: &encoder)
        }
        onAppend()
    }

    private func append(_ scrapes: [Scrape], with encoder: inout StreamEncoder) async throws {
        let slot = await spool.nextSlot
        encoder.begin(slot, madeAt: clock.now)
        for report in await spool.unreportedDrops() { encoder.add(report) }
        for scrape in scrapes {
            encoder.add(scrape.board, source: scrape.source, at: scrape.timestamp)
            if let state = scrape.state { encoder.add(state: state, source: scrape.source) }
        }
        let batch = try encoder.finish()
        try await spool.append(batch, sync: shouldSync())
        counts.withLock { counts in
            counts.batches += 1
            counts.bytes += UInt64(batch.body.count)
        }
    }
}
