internal import FrameCodec
internal import Model
internal import SeriesQuery

/// Which targets a selection can touch, found in the catalogue without reading any frame.
struct QueryPlan: Sendable {
    /// One target that has series of interest.
    struct Target: Sendable {
        var key: TargetKey
        var sources: [SourceRecord]
        /// Layouts that its sources have had and that have such series.
        var layouts: [SourceLayout]
        /// What is wanted of each layout of the plan.
        var wanted: [LayoutHash: Wanted]

        /// The longest of its sources: they differ only if an operator changed it.
        var interval: Int64 { sources.map(\.descriptor.interval.milliseconds).max() ?? 1 }

        /// The longest time between two scrapes that is no silence.
        var tolerance: Int64 { Int64(Double(interval) * Silence.toleranceInIntervals) }

        /// The series of interest in blocks of layouts that its sources had by `end`.
        func blocks(through end: Int64) -> [WantedBlocks] {
            layouts.filter { $0.firstAt <= end }.map {
                WantedBlocks(source: $0.source, layout: $0.layout, series: wanted[$0.layout]?.numbers ?? [])
            }
        }

        var isOwn: Bool { key.kind == .aggregator }
    }

    /// What is wanted of a layout: series numbers, rising, and their labels in the same order.
    struct Wanted: Sendable {
        var numbers: [Int] = []
        var labels: [Labels] = []
    }

    /// In the order that their series have.
    private(set) var targets: [Target] = []

    init(_ matchers: [LabelMatcher], in catalogue: Catalogue) {
        let rest = matchers.filter { !IndexedLayout.identityNames.contains($0.name) }
        let ofIdentity = matchers.filter { IndexedLayout.identityNames.contains($0.name) }
        // Most targets share a layout, so it is searched once for all of them. The aggregator's own series have no
        // identity: of theirs, all labels are the layout's.
        var exposed: [LayoutHash: Wanted] = [:]
        var own: [LayoutHash: Wanted] = [:]
        for target in catalogue.targets {
            let isExposed = !target.key.identity.isEmpty
            guard !isExposed || ofIdentity.allSatisfy({ $0.matches(target.key.identity[$0.name] ?? "") }) else {
                continue
            }
            let layouts = target.sources.flatMap { catalogue.layoutsOfSource[$0] ?? [] }.filter { layout in
                isExposed
                    ? exposed.look(for: rest, in: layout.layout, of: catalogue, isExposed: true)
                    : own.look(for: matchers, in: layout.layout, of: catalogue, isExposed: false)
            }
            guard !layouts.isEmpty else { continue }
            targets.append(
                Target(
                    key: target.key, sources: target.sources.compactMap { catalogue.sources[$0] }, layouts: layouts,
                    wanted: [:]))
        }
        for at in targets.indices { targets[at].wanted = targets[at].isOwn ? own : exposed }
    }
}

extension [LayoutHash: QueryPlan.Wanted] {
    /// Finds what `layout` has for `matchers`, unless that was done before.
    ///
    /// - Returns: whether there is any.
    fileprivate mutating func look(
        for matchers: [LabelMatcher], in layout: LayoutHash, of catalogue: Catalogue, isExposed: Bool
    ) -> Bool {
        if let known = self[layout] { return !known.numbers.isEmpty }
        var wanted = QueryPlan.Wanted()
        if let layout = catalogue.layouts[layout] {
            wanted.numbers = layout.series(matching: matchers, isExposed: isExposed)
            let labels = isExposed ? layout.exposed : layout.scraped
            wanted.labels = wanted.numbers.map { labels[$0] }
        }
        self[layout] = wanted
        return !wanted.numbers.isEmpty
    }
}
