internal import FrameCodec
internal import Model
internal import SeriesQuery
internal import Synchronization

/// A layout, ready to be searched: matchers are evaluated once for all sources that have it.
final class IndexedLayout: Sendable {
    /// The labels that the aggregator adds; a scraped label of such a name is exposed as `exported_…`.
    static let identityNames = ["cluster", "instance", "job"]

    let hash: LayoutHash
    /// What it grew from; `.none` for a first one.
    let parent: LayoutHash
    let families: [MetricFamily]
    /// By series number, as scraped.
    let scraped: [Labels]
    /// By series number, with clashes renamed.
    let exposed: [Labels]
    private let byName: [String: [Int]]
    private let found = Mutex<[Search: [Int]]>([:])

    private struct Search: Hashable {
        var matchers: [LabelMatcher]
        var isExposed: Bool
    }

    /// Searches remembered per layout.
    private static let searchLimit = 500

    /// `parent` grown by `additions`, whose labels are `labels`.
    init(parent: IndexedLayout?, _ additions: LayoutAdditions, labels: [Labels]) {
        hash = additions.hash
        self.parent = additions.parent
        families = (parent?.families ?? []) + additions.families
        let before = parent?.scraped.count ?? 0
        scraped = (parent?.scraped ?? []) + labels
        exposed = (parent?.exposed ?? []) + labels.map(Self.renamed)
        var byName = parent?.byName ?? [:]
        for (at, labels) in labels.enumerated() { byName[labels.metric, default: []].append(before + at) }
        self.byName = byName
    }

    /// How many families and series there are.
    var size: LayoutSize { LayoutSize(families: families.count, series: scraped.count) }

    /// The numbers of the series that only rise, but for resets, as far as TYPE tells.
    var counters: Set<Int> {
        let types = Dictionary(families.map { ($0.name, $0.type) }) { $1 }
        return Set(scraped.indices.filter { Self.isCounter(scraped[$0].metric, types) })
    }

    private static func isCounter(_ metric: String, _ types: [String: MetricType]) -> Bool {
        switch types[metric] {
        case .counter: return true
        case .gauge: return false
        case .histogram, .summary, .unknown, nil: break
        }
        for part in ["_bucket", "_sum", "_count", "_total"] where metric.hasSuffix(part) {
            switch types[String(metric.dropLast(part.count))] {
            case .histogram, .summary: return part != "_total"
            case .counter: return part == "_total"
            // Nobody said what it is: its name does.
            case .unknown, nil: return types[metric] != .summary
            case .gauge: return false
            }
        }
        return false
    }

    /// The numbers of the series that satisfy all of `matchers`, rising. `isExposed`: labels as a reader sees them who
    /// gets identity labels added.
    func series(matching matchers: [LabelMatcher], isExposed: Bool) -> [Int] {
        let search = Search(matchers: matchers, isExposed: isExposed)
        if let known = found.withLock({ $0[search] }) { return known }
        let labels = isExposed ? exposed : scraped
        let numbers = candidates(for: matchers).filter { number in
            matchers.allSatisfy { $0.matches(labels[number]) }
        }
        found.withLock { found in
            if found.count >= Self.searchLimit { found = [:] }
            found[search] = numbers
        }
        return numbers
    }

    /// The series worth looking at: those of the wanted names, if names are wanted.
    private func candidates(for matchers: [LabelMatcher]) -> [Int] {
        for matcher in matchers where matcher.name == Labels.metricName {
            guard let names = matcher.candidates else { continue }
            return Set(names).flatMap { byName[$0] ?? [] }.sorted()
        }
        return Array(scraped.indices)
    }

    private static func renamed(_ labels: Labels) -> Labels {
        var result = labels
        for name in identityNames {
            guard let value = result[name] else { continue }
            result[name] = nil
            var free = "exported_\(name)"
            while result[free] != nil { free = "exported_\(free)" }
            result[free] = value
        }
        return result
    }
}
