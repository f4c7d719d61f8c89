internal import FrameCodec
internal import Logging
public import Model
internal import Postgres
public import SeriesQuery
internal import Synchronization

extension SeriesStore {
    /// Rows of the table that a query holds in memory at a time, roughly.
    private static let rowsAtATime: Int64 = 2000
    /// Windows, and sources with one layout each, whose blocks a query holds in memory at a time.
    private static let windowsAtATime: Int64 = 8
    static let sourcesAtATime = 100

    public func series(_ selection: SeriesSelection) async throws -> [SampledSeries] {
        if case .hours(let statistic, let isOnHours) = selection.need,
            let hours = try await rolledHours(of: selection, isOnHours: isOnHours)
        {
            return try await series(selection, statistic, inRollupsOf: hours)
        }
        return try await samples(selection)
    }

    /// Every sample, or the newest ones, as `selection` needs them.
    func samples(_ selection: SeriesSelection) async throws -> [SampledSeries] {
        let (start, end) = (selection.start.milliseconds, selection.end.milliseconds)
        guard start <= end else { return [] }
        let catalogue = state.withLock { $0.catalogue }
        var targets = QueryPlan(selection.matchers, in: catalogue).targets
        var columns: [SampledColumn] = []
        if selection.need == .newestSample {
            columns = newestSamples(of: &targets, from: start, through: end)
        }
        if !targets.isEmpty {
            var reading = prepare(targets, catalogue, selection)
            // In this order, as samples only ever move from memory and batches to blocks.
            try await readTable(into: &reading, from: start, through: end)
            try await readBlocks(into: &reading, from: start, through: end)
            try await readRecent(into: &reading)
            columns += try await finish(reading, from: start, through: end)
        }
        return Self.sorted(columns)
    }

    public func metadata(metric: String?) async throws -> [MetricFamily] {
        let layouts = state.withLock { $0.catalogue.layouts }
        var byName: [String: MetricFamily] = [:]
        for layout in layouts.values {
            for family in layout.families where metric == nil || family.name == metric {
                if byName[family.name].map({ $0.help.isEmpty }) ?? true { byName[family.name] = family }
            }
        }
        return byName.values.sorted { $0.name < $1.name }
    }

    // MARK: Steps of a query

    /// One query under way.
    struct Reading {
        var catalogue: Catalogue
        var targets: [Target] = []
        /// Which target a source belongs to.
        var targetOfSource: [Int32: Int] = [:]
        var recentIsCompleteAfter: Int64 = .min
        var listeningSince: Int64 = .min
        /// Keyframes of scrapes in memory that came before them.
        var keyframes: [KeyframeKey: Scrape] = [:]
        /// Keyframes of the rows read last, on which the next rows may build.
        var lastKeyframes: [KeyframeKey: Scrape] = [:]

        struct Target {
            var plan: QueryPlan.Target
            var decoder: ScrapeDecoder
            var recent: [Scrape] = []
            var latest: Latest?
            /// Whether memory has all that is needed.
            var isWhole = false
        }

        /// Those for which memory is not enough.
        var unfinished: [Target] { targets.filter { !$0.isWhole } }
    }

    /// Takes what is in memory: no more than needed, as what a query holds on to has to be copied by whoever adds to it.
    private func prepare(
        _ targets: [QueryPlan.Target], _ catalogue: Catalogue, _ selection: SeriesSelection
    ) -> Reading {
        let (start, end) = (selection.start.milliseconds, selection.end.milliseconds)
        var reading = Reading(catalogue: catalogue)
        for plan in targets {
            var decoder = ScrapeDecoder(cache: keyframes, wanted: plan.wanted)
            for layout in plan.layouts { decoder.include(layout.layout) }
            for source in plan.sources { reading.targetOfSource[source.id] = reading.targets.count }
            reading.targets.append(Reading.Target(plan: plan, decoder: decoder))
        }
        state.withLock { state in
            reading.recentIsCompleteAfter = state.recent.completeAfter
            reading.listeningSince = state.listeningSince
            // What was scraped after this instant was received after the oldest in memory.
            let allAfter = state.recent.completeAfter + BatchTable.futureTolerance
            for at in reading.targets.indices {
                let plan = reading.targets[at].plan
                reading.targets[at].latest = plan.sources.compactMap { state.latest[$0.id] }
                    .max { $0.timestamp < $1.timestamp }
                if start - plan.tolerance > allAfter { reading.targets[at].isWhole = true }
                // One scrape beyond each end tells where silence begins and ends.
                let range = (start - plan.tolerance)...(end + plan.tolerance)
                let recent = plan.sources.flatMap { state.recent.scrapes[$0.id]?.within(range) ?? [] }
                for stray in recent where stray.keyframe == nil {
                    reading.keyframes[stray.keyframeKey] = state.recent.keyframe(stray.keyframeKey)
                }
                reading.targets[at].recent = recent
            }
        }
        return reading
    }

    /// Decodes what is neither in memory any more nor in blocks yet, a stretch of time after the other.
    private func readTable(into reading: inout Reading, from start: Int64, through end: Int64) async throws {
        let tolerance = reading.targets.map(\.plan.tolerance).max() ?? 0
        let agents = Array(Set(reading.unfinished.flatMap { $0.plan.sources.map(\.agent) })).sorted()
        // What was scraped before memory begins was received before it, but for clocks that run ahead.
        let last = min(end + tolerance, reading.recentIsCompleteAfter + BatchTable.futureTolerance)
        guard !agents.isEmpty, start - tolerance <= last else { return }
        let compactedThrough = try await partitions.compactedThrough()
        guard compactedThrough <= reading.recentIsCompleteAfter else { return }
        let receipts = compactedThrough...reading.recentIsCompleteAfter
        // A batch is found by its last scrape, which may be later than the one that is wanted.
        let range = (start - tolerance)...(last + BatchTable.longestSpan)
        guard let span = try await table.span(of: agents, in: range, received: receipts) else { return }
        let interval = max(1000, reading.targets.map(\.plan.interval).min() ?? 1000)
        let stretch = max(30_000, Self.rowsAtATime * interval / Int64(agents.count))
        var from = span.lowerBound
        while from <= span.upperBound {
            try Task.checkCancellation()
            let until = min(span.upperBound, from + stretch - 1)
            let batches = try await table.batches(of: agents, in: from...until, received: receipts)
            try await decode(batches.flatMap(\.scrapes), into: &reading)
            from = until + 1
        }
    }

    /// Decodes blocks, some windows of some sources at a time.
    private func readBlocks(into reading: inout Reading, from start: Int64, through end: Int64) async throws {
        let window = options.blockWindow.milliseconds
        let tolerance = reading.targets.map(\.plan.tolerance).max() ?? 0
        let (first, last) = (start - tolerance, end + tolerance)
        // What memory has whole need not be looked for elsewhere.
        guard first <= reading.recentIsCompleteAfter + BatchTable.futureTolerance else { return }
        let wanted = reading.unfinished.flatMap { $0.plan.blocks(through: last) }
        let stretch = window * Self.windowsAtATime
        for some in stride(from: 0, to: wanted.count, by: Self.sourcesAtATime) {
            let part = Array(wanted[some..<min(wanted.count, some + Self.sourcesAtATime)])
            var from = first - window + 1
            while from <= last {
                try Task.checkCancellation()
                let until = min(last, from + stretch - 1)
                for block in try await blocks.blocks(part, windows: from...until, in: first...last) {
                    guard let target = reading.targetOfSource[block.stretch.source] else { continue }
                    reading.targets[target].decoder.add(block, from: first, through: last)
                }
                await Task.yield()
                from = until + 1
            }
        }
    }

    private func readRecent(into reading: inout Reading) async throws {
        var strays: [Scrape] = []
        var count = 0
        for at in reading.targets.indices {
            for scrape in reading.targets[at].recent {
                count += 1
                if count % 256 == 255 {
                    try Task.checkCancellation()
                    await Task.yield()
                }
                if let keyframe = scrape.keyframe ?? reading.keyframes[scrape.keyframeKey] {
                    reading.targets[at].decoder.add(scrape, keyframe: keyframe)
                } else {
                    strays.append(scrape)
                }
            }
        }
        // Their keyframes were received before what is in memory.
        try await decode(strays, into: &reading)
    }

    /// Decodes scrapes of any target, with the keyframes that are among them, were among those before, or are in the
    /// table.
    func decode(_ scrapes: [Scrape], into reading: inout Reading) async throws {
        guard !scrapes.isEmpty else { return }
        let own = scrapes.keyframes
        var found = own.merging(reading.lastKeyframes) { mine, _ in mine }
        reading.lastKeyframes = own
        let missing = Set(scrapes.map(\.keyframeKey)).filter { found[$0] == nil }
        found.merge(try await table.keyframes(missing)) { mine, _ in mine }
        for (at, scrape) in scrapes.enumerated() {
            if at % 256 == 255 {
                try Task.checkCancellation()
                await Task.yield()
            }
            guard let source = reading.catalogue.numbers[scrape.streamNumber]?.source,
                let target = reading.targetOfSource[source]
            else { continue }
            if let keyframe = found[scrape.keyframeKey] {
                reading.targets[target].decoder.add(scrape, keyframe: keyframe)
            } else {
                reading.targets[target].decoder.skip()
            }
        }
    }

    private func finish(_ reading: Reading, from start: Int64, through end: Int64) async throws -> [SampledColumn] {
        let now = clock.now.milliseconds
        var columns: [SampledColumn] = []
        for target in reading.targets {
            try Task.checkCancellation()
            if target.decoder.unreadable > 0 {
                logger.error(
                    "scrapes could not be decoded",
                    metadata: ["count": "\(target.decoder.unreadable)", "target": "\(target.plan.key.identity)"])
            }
            let timeline = Timeline(layouts: target.decoder.labels, segments: target.decoder.segments)
            let gaps =
                target.plan.isOwn ? [] : gaps(of: target, timeline, in: reading, from: start, now: now)
            let found = timeline.series(
                from: start, through: end, identity: target.plan.key.identity, gaps: gaps,
                interval: target.plan.interval
            ).sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
            columns += target.plan.isRemote ? found.map(\.withoutAbsences) : found
        }
        return columns
    }

    private func gaps(
        of target: Reading.Target, _ timeline: Timeline, in reading: Reading, from start: Int64, now: Int64
    ) -> [Silence.Gap] {
        guard let latest = target.latest else { return [] }
        let heardAt = max(latest.heardAt, reading.listeningSince)
        let isSilent = now - heardAt > target.plan.tolerance
        let judgedUntil = isSilent ? now : latest.timestamp
        var instants = timeline.timestamps
        let first = instants.first ?? latest.timestamp
        if first > start || instants.isEmpty {
            // The range begins in a gap: stand on the grid of the next scrape known, or of the last one.
            let interval = target.plan.interval
            let steps = max(0, (first - (start - target.plan.tolerance) + interval - 1) / interval)
            let anchor = first - steps * interval
            if anchor < first { instants.insert(anchor, at: 0) } else if instants.isEmpty { instants = [first] }
        }
        let ends = instants.dropFirst() + [judgedUntil]
        guard zip(instants, ends).contains(where: { $1 - $0 > target.plan.tolerance }) else { return [] }
        let silence = Silence(
            interval: target.plan.interval,
            lifetimes: Silence.joined(target.plan.sources.map(reading.catalogue.lifetime)),
            judgedUntil: judgedUntil)
        return silence.gaps(between: instants)
    }

    /// By labels; series of one name from several targets become one.
    private static func sorted(_ columns: [SampledColumn]) -> [SampledSeries] {
        var result: [SampledColumn] = []
        for column in columns.sorted(by: { $0.labels.lexicographicallyPrecedes($1.labels) }) {
            if let last = result.last, last.labels == column.labels {
                result[result.count - 1] = last.merged(with: column)
            } else {
                result.append(column)
            }
        }
        return result.map { SampledSeries(labels: $0.labels, timestamps: $0.timestamps, values: $0.values) }
    }
}

extension [Scrape] {
    /// Those within `range`.
    fileprivate func within(_ range: ClosedRange<Int64>) -> ArraySlice<Scrape> {
        let first = firstIndex(from: range.lowerBound)
        return self[first..<Swift.max(first, firstIndex(from: range.upperBound + 1))]
    }
}
