internal import FrameCodec
public import Model
public import SeriesQuery
internal import Synchronization

// Which series there are, without their samples.
extension SeriesStore {
    public func labelSets(_ selections: [SeriesSelection]) async throws -> [Labels] {
        let (catalogue, latest) = state.withLock { ($0.catalogue, $0.latest) }
        var found: Set<Labels> = []
        for selection in selections {
            for target in QueryPlan(selection.matchers, in: catalogue).targets {
                try Task.checkCancellation()
                for layout in target.layouts(of: selection, latest) {
                    for labels in target.wanted[layout]?.labels ?? [] {
                        found.insert(labels.adding(target.key.identity))
                    }
                }
            }
        }
        return found.sorted { $0.lexicographicallyPrecedes($1) }
    }

    public func labelCounts(_ selections: [SeriesSelection]) async throws -> LabelCounts {
        let (catalogue, latest) = state.withLock { ($0.catalogue, $0.latest) }
        var counts = LabelCounts()
        for selection in selections {
            // Most targets have the same series, so these are looked at once for all of them.
            var alike: [Shape: (series: Set<Labels>, targets: Int)] = [:]
            for target in QueryPlan(selection.matchers, in: catalogue).targets {
                try Task.checkCancellation()
                let shape = Shape(layouts: target.layouts(of: selection, latest), isOwn: target.isOwn)
                let known = alike[shape]
                let series = known?.series ?? Set(shape.layouts.flatMap { target.wanted[$0]?.labels ?? [] })
                alike[shape] = (series, (known?.targets ?? 0) + 1)
                counts.add(labelsOnly: series.isEmpty ? Labels() : target.key.identity, times: series.count)
            }
            for (series, targets) in alike.values { for labels in series { counts.add(labels, times: targets) } }
        }
        return counts
    }

    /// What decides which series a target has.
    private struct Shape: Hashable {
        var layouts: Set<LayoutHash>
        var isOwn: Bool
    }
}

extension QueryPlan.Target {
    /// The layouts that some source had in the time of `selection`: each until the next one began.
    fileprivate func layouts(of selection: SeriesSelection, _ latest: [Int32: SeriesStore.Latest]) -> Set<LayoutHash> {
        var found: Set<LayoutHash> = []
        for source in sources {
            let own = layouts.filter { $0.source == source.id }
            for (at, layout) in own.enumerated() {
                let until = at + 1 < own.count ? own[at + 1].firstAt : latest[source.id]?.timestamp ?? .max
                if layout.firstAt <= selection.end.milliseconds, until >= selection.start.milliseconds {
                    found.insert(layout.layout)
                }
            }
        }
        return found
    }
}
