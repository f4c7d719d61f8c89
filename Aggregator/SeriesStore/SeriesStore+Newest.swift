internal import FrameCodec
internal import Model
internal import SeriesQuery
internal import Synchronization

extension SeriesStore {
    /// What rules and judgement ask each round, of every target: the samples of its newest scrape, if memory has that
    /// and nothing was missed since. Takes the targets it answers for out of `targets`; of the others nothing is told.
    func newestSamples(
        of targets: inout [QueryPlan.Target], from start: Int64, through end: Int64
    ) -> [SampledColumn] {
        let now = clock.now.milliseconds
        let scrapes = state.withLock { state in
            // What was scraped after this instant was received after the oldest in memory.
            let allAfter = max(start, state.recent.completeAfter + BatchTable.futureTolerance)
            return targets.map { state.newestScrape(of: $0, after: allAfter, through: end, now: now) }
        }
        var columns: [SampledColumn] = []
        var rest: [QueryPlan.Target] = []
        for (target, scrape) in zip(targets, scrapes) {
            if let scrape, let found = samples(of: scrape, wantedBy: target) {
                columns += found
            } else {
                rest.append(target)
            }
        }
        targets = rest
        return columns
    }

    /// nil: it cannot be read.
    private func samples(of scrape: Scrape, wantedBy target: QueryPlan.Target) -> [SampledColumn]? {
        guard let base = scrape.keyframe, case .keyframe(let keyframe) = base.content else { return nil }
        let wanted = target.wanted[keyframe.layout] ?? QueryPlan.Wanted()
        guard !wanted.numbers.isEmpty else { return [] }
        let values: [Double]
        do throws(CodecError) {
            let decoded = try keyframes.values(of: keyframe, in: base)
            switch scrape.content {
            case .keyframe: values = decoded.columns(wanted.numbers).values
            case .frame(let frame):
                values = try scrape.stored.batch.values(
                    of: frame, columns: decoded.columns(wanted.numbers), shape: decoded.shape)
            }
        } catch {
            // Told by the reader that looks at the whole range.
            return nil
        }
        var columns: [SampledColumn] = []
        columns.reserveCapacity(values.count)
        for (labels, value) in zip(wanted.labels, values) where !value.isStale {
            columns.append(
                SampledColumn(
                    labels: labels.adding(target.key.identity), timestamps: [scrape.timestamp], values: [value]))
        }
        return columns
    }
}

extension SeriesStore.State {
    /// The newest scrape of `target` at or before `end`, if it is in memory and certainly the newest, and no scrape
    /// was missed between it and `end`.
    fileprivate func newestScrape(
        of target: QueryPlan.Target, after allAfter: Int64, through end: Int64, now: Int64
    ) -> Scrape? {
        var newest: Scrape?
        var next = Int64.max
        for source in target.sources {
            guard let scrapes = recent.scrapes[source.id] else { continue }
            let after = scrapes.firstIndex(from: end + 1)
            if after < scrapes.count { next = min(next, scrapes[after].timestamp) }
            guard after > 0 else { continue }
            let last = scrapes[after - 1]
            // Of two sources at one instant, the reader of the whole range finds who was received later.
            if last.timestamp == newest?.timestamp { return nil }
            if last.timestamp > newest?.timestamp ?? .min { newest = last }
        }
        guard let newest, newest.timestamp > allAfter else { return nil }
        // A lane's newest round is rarely all that there is.
        if target.isRemote { return nil }
        if target.isOwn { return newest }
        if next < .max { return next - newest.timestamp <= target.tolerance ? newest : nil }
        let latest = target.sources.compactMap { self.latest[$0.id] }.max { $0.timestamp < $1.timestamp }
        guard let latest, latest.timestamp == newest.timestamp else { return nil }
        return now - max(latest.heardAt, listeningSince) <= target.tolerance ? newest : nil
    }
}
