internal import FrameCodec
internal import Model

/// An enrolled agent, as far as series need it.
struct AgentRecord: Hashable, Sendable {
    var id: Int32
    /// nil for the aggregator's own.
    var cluster: String?
    var node: String?
    var revokedAt: Int64?
}

/// A row of `source`.
struct SourceRecord: Hashable, Sendable {
    var id: Int32
    var agent: Int32
    var descriptor: SourceDescriptor
    /// Milliseconds since 1970 of its first frame.
    var firstAt: Int64
}

/// The key of `source_number`.
struct StreamNumber: Hashable, Sendable {
    var agent: Int32
    var epoch: UInt64
    var number: Int
}

/// What a number means, and since when.
struct SourceNumber: Hashable, Sendable {
    var source: Int32
    var firstAt: Int64
}

/// A row of `source_layout`.
struct SourceLayout: Hashable, Sendable {
    var source: Int32
    var layout: LayoutHash
    var firstAt: Int64
}

/// Sources that are one scrape target to a reader, though agents came and went: one timeline.
struct TargetKey: Hashable, Sendable {
    var kind: SourceDescriptor.Kind
    /// The labels that the aggregator adds; empty for its own series.
    var identity: Labels
    /// Set only for the aggregator's own series, whose identity is empty.
    var name: String
}

extension TargetKey: Comparable {
    /// By identity; what belongs to the aggregator itself has none and is told apart by name.
    static func < (left: TargetKey, right: TargetKey) -> Bool {
        if left.identity.lexicographicallyPrecedes(right.identity) { return true }
        if right.identity.lexicographicallyPrecedes(left.identity) { return false }
        return (left.kind.rawValue, left.name) < (right.kind.rawValue, right.name)
    }
}

/// A target and the sources that stand for it.
struct TargetRecord: Hashable, Sendable {
    var key: TargetKey
    /// Of `source`, rising.
    var sources: [Int32]
}

/// Who measures what: a copy of the tables agent, source, source_number, layout and source_layout.
///
/// A value: a query takes a copy and reads on while new sources come.
struct Catalogue: Sendable {
    private(set) var agents: [Int32: AgentRecord] = [:]
    private(set) var sources: [Int32: SourceRecord] = [:]
    private(set) var numbers: [StreamNumber: SourceNumber] = [:]
    private(set) var layouts: [LayoutHash: IndexedLayout] = [:]
    /// In the order of their first frames.
    private(set) var layoutsOfSource: [Int32: [SourceLayout]] = [:]
    /// In the order that their series have, so that these need hardly be sorted.
    private(set) var targets: [TargetRecord] = []
    /// The epoch of each agent that began last, and when.
    private(set) var newestEpoch: [Int32: (epoch: UInt64, firstAt: Int64)] = [:]
    private var newestEpochOfSource: [Int32: (epoch: UInt64, firstAt: Int64)] = [:]
    private var interned: Set<Labels> = []

    /// Distinct label sets, without identity.
    var labelSetCount: Int { interned.count }

    /// Replaces what is known of agents: those that are missing in `records` are gone, with their sources.
    mutating func setAgents(_ records: [AgentRecord]) {
        agents = Dictionary(records.map { ($0.id, $0) }) { $1 }
        sources = sources.filter { agents[$0.value.agent] != nil }
        numbers = numbers.filter { agents[$0.key.agent] != nil }
        layoutsOfSource = layoutsOfSource.filter { sources[$0.key] != nil }
        newestEpoch = newestEpoch.filter { agents[$0.key] != nil }
        rebuildTargets()
    }

    /// Adds an agent, or what is new about one.
    mutating func add(_ agent: AgentRecord) {
        agents[agent.id] = agent
    }

    /// Adds sources of known agents, or their new intervals.
    mutating func add(_ records: [SourceRecord]) {
        addTargets(records.filter { sources.updateValue($0, forKey: $0.id) == nil })
    }

    private mutating func rebuildTargets() {
        targets = []
        addTargets(Array(sources.values))
    }

    private mutating func addTargets(_ records: [SourceRecord]) {
        var new: [TargetRecord] = records.compactMap { source in
            guard let agent = agents[source.agent] else { return nil }
            let identity = Self.identity(of: source.descriptor, agent)
            let name = source.descriptor.kind == .aggregator ? source.descriptor.name : ""
            return TargetRecord(
                key: TargetKey(kind: source.descriptor.kind, identity: identity, name: name), sources: [source.id])
        }
        guard !new.isEmpty else { return }
        new += targets
        new.sort { $0.key < $1.key }
        targets = []
        targets.reserveCapacity(new.count)
        for target in new {
            if let last = targets.last, last.key == target.key {
                targets[targets.count - 1].sources = (last.sources + target.sources).sorted()
            } else {
                targets.append(target)
            }
        }
    }

    mutating func add(_ number: StreamNumber, _ meaning: SourceNumber) {
        numbers[number] = meaning
        let epoch = (epoch: number.epoch, firstAt: meaning.firstAt)
        if newestEpoch[number.agent].map({ $0.firstAt <= epoch.firstAt && $0.epoch != epoch.epoch }) ?? true {
            newestEpoch[number.agent] = epoch
        }
        if newestEpochOfSource[meaning.source].map({ $0.firstAt <= epoch.firstAt }) ?? true {
            newestEpochOfSource[meaning.source] = epoch
        }
    }

    /// Adds a layout whose parent is known; others are ignored.
    mutating func add(_ additions: LayoutAdditions) {
        guard layouts[additions.hash] == nil else { return }
        let parent = layouts[additions.parent]
        guard additions.parent == .none || parent != nil else { return }
        // Equal label sets share their storage, whichever layout they stand in.
        let labels = additions.series.map { interned.insert($0.labels).memberAfterInsert }
        layouts[additions.hash] = IndexedLayout(parent: parent, additions, labels: labels)
    }

    mutating func add(_ layout: SourceLayout) {
        guard layoutsOfSource[layout.source]?.contains(where: { $0.layout == layout.layout }) != true else { return }
        layoutsOfSource[layout.source, default: []].append(layout)
        layoutsOfSource[layout.source]?.sort { $0.firstAt < $1.firstAt }
    }

    /// What left the tables.
    struct Gone: Sendable {
        var sources: Set<Int32>
        var numbers: Set<StreamNumber>
        var layouts: Set<LayoutHash>

        var isEmpty: Bool { sources.isEmpty && numbers.isEmpty && layouts.isEmpty }
    }

    /// Forgets what is `gone`, and the label sets that only it had.
    mutating func forget(_ gone: Gone) {
        numbers = numbers.filter { !gone.numbers.contains($0.key) && !gone.sources.contains($0.value.source) }
        if !gone.sources.isEmpty {
            sources = sources.filter { !gone.sources.contains($0.key) }
            rebuildTargets()
        }
        layoutsOfSource = layoutsOfSource.filter { !gone.sources.contains($0.key) }
        guard !gone.layouts.isEmpty else { return }
        layoutsOfSource = layoutsOfSource.mapValues { $0.filter { !gone.layouts.contains($0.layout) } }
        layouts = layouts.filter { !gone.layouts.contains($0.key) }
        interned = Set(layouts.values.lazy.flatMap(\.scraped))
    }

    /// How much earlier than a frame its keyframe may have come, unless its stream paused: twelve scrapes, and as many
    /// that failed, of the slowest source.
    var keyframeReach: Duration {
        let slowest = sources.values.map(\.descriptor.interval).max() ?? .zero
        return slowest * 24 + .seconds(60)
    }

    /// For each of `present`, the largest of them that grew from it: a series has one number in all of a line.
    func tips(of present: Set<LayoutHash>) -> [LayoutHash: LayoutHash] {
        var tips: [LayoutHash: LayoutHash] = [:]
        // From the largest on, so that the first tip that reaches a layout is the largest.
        let sorted = present.sorted { (layouts[$0]?.scraped.count ?? 0) > (layouts[$1]?.scraped.count ?? 0) }
        for layout in sorted {
            let tip = tips[layout] ?? layout
            var ancestor: LayoutHash? = layout
            while let one = ancestor, one != .none {
                if tips[one] == nil, present.contains(one) { tips[one] = tip }
                ancestor = layouts[one]?.parent
            }
        }
        return tips
    }

    /// The labels that the aggregator adds. A node's name is unique in its cluster only, so all three are needed.
    static func identity(of descriptor: SourceDescriptor, _ agent: AgentRecord) -> Labels {
        guard let cluster = agent.cluster, let node = agent.node else { return Labels() }
        return switch descriptor.kind {
        case .etcd: ["job": "etcd", "cluster": cluster, "instance": "\(node):\(descriptor.port)"]
        case .host: ["job": "node", "cluster": cluster, "instance": node]
        case .agent: ["job": "etcd-monitor-agent", "cluster": cluster, "instance": node]
        case .aggregator: Labels()
        }
    }

    /// From when to when `source` is expected to send: until its agent was revoked, or began a new epoch without it.
    func lifetime(of source: SourceRecord) -> ClosedRange<Int64> {
        var end = agents[source.agent]?.revokedAt ?? .max
        if let newest = newestEpoch[source.agent] {
            // The first scrape of a slow source may come some intervals after those of its neighbours.
            if newestEpochOfSource[source.id]?.epoch != newest.epoch {
                end = min(end, newest.firstAt + 3 * source.descriptor.interval.milliseconds)
            }
        }
        return source.firstAt...max(source.firstAt, end)
    }
}
