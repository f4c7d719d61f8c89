internal import FrameCodec
internal import Model
internal import SeriesQuery

/// Which targets a selection can touch, found in the catalogue without reading any frame.
struct QueryPlan: Sendable {
    /// One target that has series of interest.
    struct Target: Sendable {
        var key: TargetKey
        var sources: [SourceRecord]
        /// Layouts that its sources have had.
        var layouts: [SourceLayout]
        /// The conditions that are left once identity was looked at.
        var matchers: [LabelMatcher]
        /// When somebody was expected to send.
        var lifetimes: [ClosedRange<Int64>]

        /// The longest of its sources: they differ only if an operator changed it.
        var interval: Int64 { sources.map(\.descriptor.interval.milliseconds).max() ?? 1 }

        /// The longest time between two scrapes that is no silence.
        var tolerance: Int64 { Int64(Double(interval) * Silence.toleranceInIntervals) }

        var isOwn: Bool { key.kind == .aggregator }
    }

    private(set) var targets: [Target] = []

    init(_ matchers: [LabelMatcher], in catalogue: Catalogue) {
        for (key, ids) in catalogue.targets {
            let rest =
                key.identity.isEmpty ? matchers : matchers.filter { !IndexedLayout.identityNames.contains($0.name) }
            let isWanted =
                rest.count == matchers.count
                || matchers.allSatisfy { matcher in
                    !IndexedLayout.identityNames.contains(matcher.name)
                        || matcher.matches(key.identity[matcher.name] ?? "")
                }
            guard isWanted else { continue }
            let sources = ids.compactMap { catalogue.sources[$0] }
            let layouts = ids.flatMap { catalogue.layoutsOfSource[$0] ?? [] }.filter { layout in
                catalogue.layouts[layout.layout]?.series(matching: rest, isExposed: !key.identity.isEmpty).isEmpty
                    == false
            }
            guard !layouts.isEmpty else { continue }
            targets.append(
                Target(
                    key: key, sources: sources, layouts: layouts, matchers: rest,
                    lifetimes: Silence.joined(sources.map(catalogue.lifetime))))
        }
        // In the order that their series will have, nearly: sorting those is then a look at each.
        targets.sort { $0.key.identity.lexicographicallyPrecedes($1.key.identity) }
    }
}

extension Catalogue {
    /// What `target` wants of `layout`.
    func wanted(_ layout: LayoutHash, by target: QueryPlan.Target) -> ScrapeDecoder.Wanted {
        guard let layout = layouts[layout] else { return ScrapeDecoder.Wanted(numbers: [], labels: []) }
        let isExposed = !target.key.identity.isEmpty
        let numbers = layout.series(matching: target.matchers, isExposed: isExposed)
        let labels = isExposed ? layout.exposed : layout.scraped
        return ScrapeDecoder.Wanted(numbers: numbers, labels: numbers.map { labels[$0] })
    }
}
