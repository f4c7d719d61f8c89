internal import FrameCodec
internal import Model

/// A keyframe's name in the whole store.
struct KeyframeKey: Hashable, Sendable {
    var agent: Int32
    var epoch: UInt64
    var source: Int
    var sequence: UInt64
}

/// A batch in memory.
final class StoredBatch: Sendable {
    let agent: Int32
    let receivedAt: Int64
    let batch: Batch

    init(agent: Int32, receivedAt: Int64, batch: Batch) {
        self.agent = agent
        self.receivedAt = receivedAt
        self.batch = batch.scrapesOnly
    }

    /// What it occupies, roughly: the body, and what points into it.
    var bytes: Int { batch.body.count + 160 * batch.items.count + 200 }

    /// The name of the keyframe of `source` in the batch `sequence` of its stream, or in itself.
    func key(source: Int, sequence: UInt64? = nil) -> KeyframeKey {
        KeyframeKey(
            agent: agent, epoch: batch.header.epoch, source: source, sequence: sequence ?? batch.header.sequence)
    }

    /// Its scrapes, each of which may point to a keyframe elsewhere.
    var scrapes: [Scrape] { scrapes { _ in nil } }

    /// Its scrapes, tied to those keyframes that `known` has.
    func scrapes(over known: (KeyframeKey) -> Scrape?) -> [Scrape] {
        batch.items.compactMap { item in
            switch item {
            case .keyframe(let keyframe):
                return Scrape(
                    timestamp: keyframe.timestamp.milliseconds, stored: self, content: .keyframe(keyframe), base: nil)
            case .frame(let frame):
                return Scrape(
                    timestamp: frame.timestamp.milliseconds, stored: self, content: .frame(frame),
                    base: known(key(source: frame.source, sequence: frame.keyframe)))
            default: return nil
            }
        }
    }
}

/// One scrape of one source, undecoded.
final class Scrape: Sendable {
    enum Content: Sendable {
        case keyframe(Keyframe)
        case frame(Frame)
    }

    let timestamp: Int64
    let stored: StoredBatch
    let content: Content
    /// The keyframe that a frame builds on, if it was at hand: whoever has it need not look it up.
    private let base: Scrape?

    init(timestamp: Int64, stored: StoredBatch, content: Content, base: Scrape?) {
        self.timestamp = timestamp
        self.stored = stored
        self.content = content
        self.base = base
    }

    /// The keyframe that it is, or builds on if that was at hand.
    var keyframe: Scrape? { isKeyframe ? self : base }

    var isKeyframe: Bool {
        if case .keyframe = content { true } else { false }
    }

    /// The source's number in its stream.
    var number: Int {
        switch content {
        case .keyframe(let keyframe): keyframe.source
        case .frame(let frame): frame.source
        }
    }

    /// The keyframe that it is, or builds on.
    var keyframeKey: KeyframeKey {
        switch content {
        case .keyframe(let keyframe): stored.key(source: keyframe.source)
        case .frame(let frame): stored.key(source: frame.source, sequence: frame.keyframe)
        }
    }

    var streamNumber: StreamNumber {
        StreamNumber(agent: stored.agent, epoch: stored.batch.header.epoch, number: number)
    }
}

/// The batches received last, by source and time, bounded in bytes and age. A cache: all of it stands in the tables.
struct RecentFrames: Sendable {
    /// Most bytes kept.
    let limitBytes: Int
    /// Everything that was received after this instant is here; what came before may be.
    private(set) var completeAfter: Int64

    /// Scrapes of each source, by timestamp.
    private(set) var scrapes: [Int32: [Scrape]] = [:]
    private(set) var bytes = 0
    private var keyframes: [KeyframeKey: Scrape] = [:]
    /// Oldest receipt first; those before `firstKept` are gone.
    private var received: [Receipt] = []
    private var firstKept = 0

    private struct Receipt: Sendable {
        var at: Int64
        /// nil once it was evicted.
        var batch: StoredBatch?
        var sources: [Int32]
    }

    init(limitBytes: Int, completeAfter: Int64) {
        self.limitBytes = limitBytes
        self.completeAfter = completeAfter
    }

    /// The keyframe `key`, if it is here.
    func keyframe(_ key: KeyframeKey) -> Scrape? { keyframes[key] }

    /// Adds `batch`, whose scrapes belong to the sources that `source` names.
    ///
    /// - Returns: the scrapes that were added, and their sources.
    mutating func add(
        _ batch: StoredBatch, source: (StreamNumber) -> Int32?
    ) -> [(source: Int32, scrape: Scrape)] {
        var added: [(source: Int32, scrape: Scrape)] = []
        for scrape in batch.scrapes(over: { keyframes[$0] }) {
            guard let source = source(scrape.streamNumber) else { continue }
            if scrape.isKeyframe { keyframes[scrape.keyframeKey] = scrape }
            scrapes[source, default: []].insertInOrder(scrape)
            added.append((source, scrape))
        }
        received.append(Receipt(at: batch.receivedAt, batch: batch, sources: added.map(\.source)))
        bytes += batch.bytes
        // Rarely more than one step: receipts come in order but for concurrent commits and the reload.
        var at = received.count - 1
        while at > firstKept, received[at - 1].at > batch.receivedAt {
            received.swapAt(at, at - 1)
            at -= 1
        }
        return added
    }

    /// Drops what was received at or before `instant`, and the oldest beyond the limit of bytes.
    mutating func evict(receivedThrough instant: Int64) {
        while firstKept < received.count {
            let oldest = received[firstKept]
            guard bytes > limitBytes || oldest.at <= instant else { break }
            if let batch = oldest.batch { remove(batch, of: oldest.sources) }
            completeAfter = max(completeAfter, oldest.at)
            received[firstKept] = Receipt(at: oldest.at, batch: nil, sources: [])
            firstKept += 1
        }
        completeAfter = max(completeAfter, instant)
        if firstKept > 1024, firstKept * 2 > received.count {
            received.removeFirst(firstKept)
            firstKept = 0
        }
    }

    /// Forgets sources that are gone.
    mutating func keep(sources known: (Int32) -> Bool) {
        scrapes = scrapes.filter { known($0.key) }
    }

    /// From here on everything received after `instant` is here.
    mutating func isComplete(after instant: Int64) {
        completeAfter = instant
    }

    private mutating func remove(_ batch: StoredBatch, of sources: [Int32]) {
        bytes -= batch.bytes
        for source in sources {
            scrapes[source]?.removeAll(of: batch)
        }
        for keyframe in batch.batch.keyframes { keyframes[batch.key(source: keyframe.source)] = nil }
    }
}

extension [Scrape] {
    fileprivate mutating func insertInOrder(_ scrape: Scrape) {
        if let last, last.timestamp > scrape.timestamp {
            insert(scrape, at: firstIndex(from: scrape.timestamp + 1))
        } else {
            append(scrape)
        }
    }

    fileprivate mutating func removeAll(of batch: StoredBatch) {
        // The oldest receipts are nearly always the oldest scrapes.
        if let first, first.stored === batch { removeFirst() }
        guard let span = batch.batch.span else { return }
        let from = firstIndex(from: span.lowerBound.milliseconds)
        let end = firstIndex(from: span.upperBound.milliseconds + 1)
        for at in (from..<Swift.max(from, end)).reversed() where self[at].stored === batch { remove(at: at) }
    }

    /// The first scrape at or after `timestamp`, or the end.
    func firstIndex(from timestamp: Int64) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].timestamp < timestamp { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
