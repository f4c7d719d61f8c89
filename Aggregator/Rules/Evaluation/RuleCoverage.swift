internal import Model
internal import PromQL
internal import Synchronization
internal import SeriesQuery

/// Clusters: some of them, or all.
public enum ClusterSet: Hashable, Sendable {
    case all
    case some(Set<String>)

    /// Whether `cluster` is among them.
    public func contains(_ cluster: String) -> Bool {
        switch self {
        case .all: true
        case .some(let names): names.contains(cluster)
        }
    }

    func union(_ other: ClusterSet) -> ClusterSet {
        guard case .some(let left) = self, case .some(let right) = other else { return .all }
        return .some(left.union(right))
    }

    func intersection(_ other: ClusterSet) -> ClusterSet {
        switch (self, other) {
        case (.all, let some), (let some, .all): some
        case (.some(let left), .some(let right)): .some(left.intersection(right))
        }
    }
}

/// On which clusters a rule has something to judge: where the series are that its expression cannot do without. On others
/// its silence says nothing.
struct RuleCoverage {
    /// As PromQL's lookback.
    private static let lookback = Duration.seconds(300)

    let source: any SeriesSource
    let inputs: RuleInputs
    let now: Timestamp
    private var bySelector: [[LabelMatcher]: ClusterSet] = [:]
    /// Nil while it is being found out: what a recording takes from its own past adds no cluster.
    private var byRecording: [String: ClusterSet?] = [:]

    init(source: any SeriesSource, inputs: RuleInputs, now: Timestamp) {
        self.source = source
        self.inputs = inputs
        self.now = now
    }

    /// The clusters that `expression` has data of.
    mutating func clusters(of expression: Expression) async throws -> ClusterSet {
        switch expression {
        case .number, .string: return .all
        case .selector(let node): return try await clusters(of: node)
        case .matrix(let node): return try await clusters(of: node.selector)
        case .call(let node) where node.function.name.hasPrefix("absent"): return .all
        case .binary(let node) where node.operator == .unless: return try await clusters(of: node.left)
        case .binary(let node) where node.operator == .or:
            return try await clusters(of: node.left).union(try await clusters(of: node.right))
        default:
            var common = ClusterSet.all
            for child in expression.children { common = common.intersection(try await clusters(of: child)) }
            return common
        }
    }

    private mutating func clusters(of selector: VectorSelector) async throws -> ClusterSet {
        let makers = inputs.expressions(recording: selector.name)
        if !makers.isEmpty { return try await clusters(recording: selector.name, makers) }
        if let known = bySelector[selector.matchers] { return known }
        let series = try await source.series(
            SeriesSelection(
                matchers: selector.matchers, start: now - Self.lookback, end: now, need: .newestSample))
        let alive = series.filter { $0.values.last.map { !$0.isStale } ?? false }
        let isOfAll = alive.contains { $0.labels["cluster"] == nil }
        let found = isOfAll ? .all : ClusterSet.some(Set(alive.compactMap { $0.labels["cluster"] }))
        bySelector[selector.matchers] = found
        return found
    }

    private mutating func clusters(recording name: String, _ makers: [Expression]) async throws -> ClusterSet {
        if let known = byRecording[name] { return known ?? .some([]) }
        byRecording.updateValue(nil, forKey: name)
        var all = ClusterSet.some([])
        for maker in makers { all = all.union(try await clusters(of: maker)) }
        byRecording[name] = all
        return all
    }
}

extension RuleService {
    /// How long an answer of ``coverage()`` counts.
    private static let coverageLifetime = Duration.seconds(60)

    /// On which clusters each rule has something to judge, by its id; at most a minute old.
    public func coverage() async throws -> [String: ClusterSet] {
        let now = clock.now
        let (known, inputs, runners) = state.withLock { ($0.coverage, $0.inputs, $0.runners) }
        if let known, now - known.at < Self.coverageLifetime { return known.byRule }
        var coverage = RuleCoverage(source: engine.source, inputs: inputs, now: now)
        var byRule: [String: ClusterSet] = [:]
        for rule in runners.flatMap(\.group.rules) {
            byRule[rule.id] = try await coverage.clusters(of: rule.query.expression)
        }
        let found = byRule
        state.withLock { $0.coverage = (now, found) }
        return found
    }
}
