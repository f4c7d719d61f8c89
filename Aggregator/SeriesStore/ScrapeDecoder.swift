internal import BlockCodec
internal import FrameCodec
internal import Model
internal import Synchronization

/// Keyframes decoded lately, so that frames which build on them, in this query and the next, need not do it again.
final class KeyframeCache: Sendable {
    private struct Entry {
        var decoded: KeyframeValues
        /// The sweep after which it was asked for last.
        var used: UInt64
    }

    private struct State {
        var entries: [KeyframeKey: Entry] = [:]
        var sweeps: UInt64 = 0
        var refused = 0
    }

    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: in keyframes, of some 17 kB each for an etcd member.
    init(limit: Int) {
        self.limit = limit
    }

    private subscript(key: KeyframeKey) -> KeyframeValues? {
        state.withLock { state in
            guard let at = state.entries.index(forKey: key) else { return nil }
            state.entries.values[at].used = state.sweeps
            return state.entries.values[at].decoded
        }
    }

    /// The values of `keyframe`, which `scrape` is.
    func values(of keyframe: Keyframe, in scrape: Scrape) throws(CodecError) -> KeyframeValues {
        let key = scrape.keyframeKey
        if let cached = self[key] { return cached }
        let values = try scrape.stored.batch.values(of: keyframe)
        insert(values, for: key)
        return values
    }

    /// Keeps `decoded`. If there is no room it is not kept: a fleet is read round after round, and whoever makes room for
    /// the newest then has none of it the next time. What nobody asked for meanwhile goes now and then.
    private func insert(_ decoded: KeyframeValues, for key: KeyframeKey) {
        state.withLock { state in
            if state.entries.count >= limit {
                state.refused += 1
                guard state.refused > limit / 4 else { return }
                state.entries = state.entries.filter { $0.value.used == state.sweeps }
                state.sweeps += 1
                state.refused = 0
                guard state.entries.count < limit else { return }
            }
            state.entries[key] = Entry(decoded: decoded, used: state.sweeps)
        }
    }
}

/// Decodes the wanted series of one target's scrapes, one after the other.
struct ScrapeDecoder {
    /// The wanted series in a keyframe.
    private struct Base {
        var columns: Columns
        var shape: KeyframeShape
        var layout: Int
    }

    private let wanted: [LayoutHash: QueryPlan.Wanted]
    private let cache: KeyframeCache
    private var layoutNumbers: [LayoutHash: Int] = [:]
    private var layouts: [QueryPlan.Wanted] = []
    private var columns: [KeyframeKey: Base] = [:]
    /// The keyframe asked for last, and what it gave: a source's scrapes come in order.
    private var last: (keyframe: Scrape, base: Base)?
    private(set) var segments: [Segment] = []
    /// Which segment each block belongs to: blocks of one window hold different series of the same scrapes.
    private var segmentOfBlock: [StoredBlock.Stretch: Int] = [:]
    /// Whether frames may be added to the last segment.
    private var isOpen = false
    /// Scrapes that could not be read; none are expected, as batches are checked before they are stored.
    private(set) var unreadable = 0

    init(cache: KeyframeCache, wanted: [LayoutHash: QueryPlan.Wanted]) {
        self.cache = cache
        self.wanted = wanted
    }

    /// The labels of the wanted series, per layout seen.
    var labels: [[Labels]] { layouts.map(\.labels) }

    /// Makes sure that the columns of `layout` are part of the result though no scrape has it.
    mutating func include(_ layout: LayoutHash) {
        _ = number(of: layout)
    }

    /// Decodes `scrape`, whose keyframe is `keyframe`.
    mutating func add(_ scrape: Scrape, keyframe: Scrape) {
        do throws(CodecError) {
            guard let base = try base(keyframe) else { return }
            let values: [Double] =
                switch scrape.content {
                case .keyframe: base.columns.values
                case .frame(let frame):
                    try scrape.stored.batch.values(of: frame, columns: base.columns, shape: base.shape)
                }
            append(values, at: scrape.timestamp, receivedAt: scrape.stored.receivedAt, layout: base.layout)
        } catch {
            unreadable += 1
        }
    }

    private mutating func append(_ values: [Double], at timestamp: Int64, receivedAt: Int64, layout: Int) {
        let end = segments.count - 1
        guard isOpen, segments[end].layout == layout, segments[end].last < timestamp else {
            segments.append(
                Segment(
                    timestamps: [timestamp], receivedAt: receivedAt, layout: layout, columns: values.map { [$0] }))
            isOpen = true
            return
        }
        segments[end].timestamps.append(timestamp)
        segments[end].receivedAt = max(segments[end].receivedAt, receivedAt)
        for (at, value) in values.enumerated() { segments[end].columns[at].append(value) }
    }

    /// Decodes the wanted series of `stored`, between two instants.
    mutating func add(_ stored: StoredBlock, from start: Int64, through end: Int64) {
        let layout = number(of: stored.stretch.layout)
        let wanted = layouts[layout].numbers
        let places = wanted.indices.filter { stored.series.contains(wanted[$0]) }
        guard !places.isEmpty else { return }
        do throws(CodecError) {
            let block = try Block(decoding: stored.body)
            let numbers = places.map { wanted[$0] - stored.series.lowerBound }
            guard block.series == stored.series.count else {
                throw CodecError(.contradiction, "\(block.series) series in a block of \(stored.series.count)")
            }
            let rows =
                block.timestamps.firstIndex(notBelow: start)..<block.timestamps.firstIndex(notBelow: end + 1)
            guard !rows.isEmpty else { return }
            let segment = segment(of: stored, block, rows, layout)
            guard segments[segment].timestamps.count == rows.count else {
                throw CodecError(.contradiction, "blocks of one window with different scrapes")
            }
            for (place, values) in zip(places, block.columns(numbers)) {
                segments[segment].columns[place] = rows.count == values.count ? values : Array(values[rows])
            }
        } catch {
            unreadable += 1
        }
    }

    private mutating func segment(
        of stored: StoredBlock, _ block: Block, _ rows: Range<Int>, _ layout: Int
    ) -> Int {
        if let known = segmentOfBlock[stored.stretch] { return known }
        isOpen = false
        segments.append(
            Segment(
                timestamps: Array(block.timestamps[rows]), receivedAt: stored.stretch.generation, layout: layout,
                columns: layouts[layout].numbers.map { _ in [] }))
        segmentOfBlock[stored.stretch] = segments.count - 1
        return segments.count - 1
    }

    /// A scrape whose keyframe does not exist.
    mutating func skip() { unreadable += 1 }

    private mutating func base(_ scrape: Scrape) throws(CodecError) -> Base? {
        if let last, last.keyframe === scrape { return last.base }
        let key = scrape.keyframeKey
        let base: Base
        if let known = columns[key] {
            base = known
        } else {
            guard case .keyframe(let keyframe) = scrape.content else { return nil }
            let values = try cache.values(of: keyframe, in: scrape)
            let layout = number(of: keyframe.layout)
            base = Base(columns: values.columns(layouts[layout].numbers), shape: values.shape, layout: layout)
            columns[key] = base
        }
        last = (scrape, base)
        return base
    }

    private mutating func number(of layout: LayoutHash) -> Int {
        if let number = layoutNumbers[layout] { return number }
        layoutNumbers[layout] = layouts.count
        layouts.append(wanted[layout] ?? QueryPlan.Wanted())
        return layouts.count - 1
    }
}
