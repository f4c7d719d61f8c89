internal import Model
internal import PromQL
internal import SeriesQuery

/// The recordings that a backtest needs, computed over the same history a stretch of it after the other.
final class BacktestRecorder {
    /// What was recorded so far.
    let series = DerivedSeries()
    /// Which metrics are recorded here.
    let names: Set<String>
    /// How far back of an evaluation the alert looks at what is recorded.
    let reach: Duration
    /// What is not as it would be live.
    let notes: [String]
    private let rules: [Rule]
    private let step: Duration
    /// When each series was last recorded, if that was at the last instant.
    private var last: [[Labels: Int64]]

    /// Finds out which recordings of `question` are needed for `query`.
    init(_ question: Backtest.Question, query: Query, step: Duration) throws {
        let candidates = question.recordings.flatMap(\.rules).filter { $0.kind == .record }
        var needed: Set<String> = []
        var open = query.expression.selectors.map(\.name)
        while let name = open.popLast() {
            let makers = candidates.filter { $0.name == name }
            guard !makers.isEmpty, needed.insert(name).inserted else { continue }
            open += makers.flatMap { $0.query.expression.selectors.map(\.name) }
        }
        let ofThemselves = needed.filter { name in
            candidates.contains { $0.name == name && $0.query.expression.selectors.contains { $0.name == name } }
        }
        names = needed.subtracting(ofThemselves)
        notes = ofThemselves.sorted().map {
            "\($0) is recorded from its own past; what is stored of it was taken"
        }
        rules = candidates.filter { [names] in names.contains($0.name) }
        self.step = step
        last = Array(repeating: [:], count: rules.count)
        let longest = ([query] + rules.map(\.query)).map { $0.expression.reach }.max() ?? 0
        // In whole steps, so that both are on one grid.
        reach = names.isEmpty ? .zero : step * ((longest + step.milliseconds - 1) / step.milliseconds)
    }

    /// Evaluates the recordings from `start` to `end`.
    ///
    /// - Returns: samples that were read.
    func record(from start: Timestamp, through end: Timestamp, with engine: PromQLEngine) async throws -> Int {
        var samplesRead = 0
        for (number, rule) in rules.enumerated() {
            let result = try await engine.range(rule.query, start: start, end: end, step: step)
            samplesRead += result.samplesRead
            guard case .matrix(let found) = result.value else { continue }
            for one in found { add(one, rule, number) }
            // What the last instant did not give has ended.
            for (labels, instant) in last[number] where instant < end.milliseconds {
                series.add(labels, at: instant + step.milliseconds, .stale)
                last[number][labels] = nil
            }
        }
        return samplesRead
    }

    private func add(_ found: SampledSeries, _ rule: Rule, _ number: Int) {
        var labels = found.labels
        for text in rule.labels { labels[text.name] = text.template.source }
        labels[Labels.metricName] = rule.name
        var before = last[number][labels]
        for (instant, value) in zip(found.timestamps, found.values) {
            if let before, instant - before > step.milliseconds {
                series.add(labels, at: before + step.milliseconds, .stale)
            }
            series.add(labels, at: instant, value)
            before = instant
        }
        last[number][labels] = before
    }
}

extension Expression {
    /// The most milliseconds before an evaluation that a window or an offset in it looks at.
    var reach: Int64 {
        switch self {
        case .number, .string: 0
        case .selector(let node): max(0, node.offset)
        case .matrix(let node): max(0, node.selector.offset) + node.window
        case .subquery(let node): max(0, node.offset) + node.window + node.inner.reach
        default: children.map(\.reach).max() ?? 0
        }
    }
}
