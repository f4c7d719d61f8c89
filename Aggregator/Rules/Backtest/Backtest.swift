public import Model
public import PromQL
public import SeriesQuery

/// Asks of a rule what it would have done: evaluates its expression over stored history and carries its alerts from
/// pending to firing to resolved as the service does live.
///
/// History is all that is stored by now, also what came late; live rules saw what had come by then. The steps of a day
/// or so are evaluated at once, and nothing of them is kept but the alerts' lives.
public struct Backtest: Sendable {
    /// Which rule, and over what.
    public struct Question: Sendable {
        /// An alert.
        public var rule: Rule
        /// How its group looks at the series.
        public var group: RuleGroup
        /// Recordings of these groups that the expression needs are computed anew; of others what is stored counts.
        public var recordings: [RuleGroup] = []
        /// Only this cluster's series; nil for all.
        public var cluster: String?
        /// Of the first evaluation.
        public var start: Timestamp
        /// Of the last one.
        public var end: Timestamp
        /// Between two evaluations; nil for the group's interval, or longer where the range is long.
        public var step: Duration?
        /// Other values for the rule's parameters, by name.
        public var parameters: [String: Double] = [:]

        /// The rule over `start` to `end`.
        public init(rule: Rule, group: RuleGroup, start: Timestamp, end: Timestamp) {
            self.rule = rule
            self.group = group
            self.start = start
            self.end = end
        }
    }

    /// Evaluations that one backtest may ask for.
    public static let maximumSteps: Int64 = 1_000_000
    /// Evaluations if nobody says how far apart: 30 days every 15 s.
    static let usualSteps: Int64 = 175_000
    /// Evaluated at once.
    private static let stepsAtOnce: Int64 = 10_000
    /// Firings that are told one by one; more are counted.
    static let maximumFirings = 1000

    private let source: any SeriesSource
    private let options: EngineOptions
    private let settings: RuleSettings
    private let deadline: Duration

    /// - Parameters:
    ///   - settings: the interval of groups that name none, and what templates may name.
    ///   - deadline: wall time of one backtest.
    public init(
        source: any SeriesSource, options: EngineOptions = EngineOptions(), settings: RuleSettings = RuleSettings(),
        deadline: Duration = .seconds(60)
    ) {
        self.source = source
        self.options = options
        self.settings = settings
        self.deadline = deadline
    }

    /// When the rule would have fired.
    ///
    /// - Throws: `.backtest` for a question that cannot be answered, `.limit` and `.duplicateLabels` where the live rule
    ///   would have failed too, `QueryError` from the evaluation.
    public func run(_ question: Question) async throws -> BacktestReport {
        let clock = ContinuousClock()
        let began = clock.now
        let step = try step(of: question)
        let query = try query(of: question)
        let recorder = try BacktestRecorder(question, query: query, step: step)
        let source = BacktestSource(
            base: NarrowedSeries(base: source, clusters: question.cluster.map { [$0] }), recorded: recorder.series,
            names: recorder.names)
        var lives = AlertLives(rule: question.rule, settings: settings, step: step)
        let offset = question.group.queryOffset
        var samplesRead = 0
        var notes = recorder.notes
        var at = question.start
        var isFirst = true
        while at <= question.end {
            try Task.checkCancellation()
            let left = deadline - (clock.now - began)
            guard left > .zero else {
                throw RulesError(
                    .backtest, "the backtest took longer than \(deadline); ask for less time or a longer step")
            }
            let last = min(at + step * (Self.stepsAtOnce - 1), question.end)
            let engine = PromQLEngine(source: source, options: limited(left))
            // What the expression looks back to is recorded before its first evaluation.
            let from = isFirst ? at - recorder.reach : at
            samplesRead += try await recorder.record(from: from - offset, through: last - offset, with: engine)
            let result = try await engine.range(query, start: at - offset, end: last - offset, step: step)
            guard case .matrix(let series) = result.value else { throw RulesError(.backtest, "no matrix was answered") }
            try check(series, of: question, step: step)
            try lives.add(series, offset: offset)
            samplesRead += result.samplesRead
            notes += result.warnings.filter { !notes.contains($0) }
            at = last + step
            isFirst = false
        }
        lives.finish(at: at - step)
        return BacktestReport(
            start: question.start, end: at - step, step: step,
            evaluations: (at - question.start).milliseconds
                / step.milliseconds, firings: lives.firings, count: lives.count, firingTime: lives.firingTime,
            pendingOnly: lives.pendingOnly, samplesRead: samplesRead, notes: notes, took: clock.now - began)
    }

    // MARK: Steps

    private func step(of question: Question) throws(RulesError) -> Duration {
        guard question.rule.kind == .alert else {
            throw RulesError(.backtest, "\(question.rule.name) records a series; only alerts fire")
        }
        guard question.end > question.start else {
            throw RulesError(.backtest, "the backtest ends before it begins; swap start and end")
        }
        let span = (question.end - question.start).milliseconds
        let own = question.group.interval ?? settings.interval
        // In whole multiples of the group's interval, so that each evaluation is one of those that were made.
        let times = max(1, (span / own.milliseconds + Self.usualSteps - 1) / Self.usualSteps)
        let step = question.step ?? own * times
        guard step.milliseconds >= 1000 else { throw RulesError(.backtest, "a step below 1s; use 1s or more") }
        guard span / step.milliseconds < Self.maximumSteps else {
            throw RulesError(
                .backtest, "more than \(Self.maximumSteps) evaluations; ask for less time or a longer step")
        }
        return step
    }

    private func query(of question: Question) throws -> Query {
        let unknown = question.parameters.keys.filter { name in
            !question.rule.parameters.contains { $0.name == name }
        }.sorted()
        guard unknown.isEmpty else {
            throw RulesError(
                .parameter, "\(question.rule.name) has no parameter \(unknown.joined(separator: ", "))")
        }
        return try RuleParameter.query(question.rule.query, question.rule.parameters, with: question.parameters)
    }

    private func limited(_ left: Duration) -> EngineOptions {
        var options = options
        options.maximumSteps = Int(Self.maximumSteps)
        options.timeout = left
        return options
    }

    /// Fails as the live rule would: with more series at one instant than its group allows.
    private func check(_ series: [SampledSeries], of question: Question, step: Duration) throws(RulesError) {
        let limit = question.group.limit
        guard limit > 0, series.count > limit else { return }
        var counts: [Int64: Int] = [:]
        for one in series { for instant in one.timestamps { counts[instant, default: 0] += 1 } }
        if let worst = counts.max(by: { $0.value < $1.value }), worst.value > limit {
            let at = CalendarTime(Timestamp(milliseconds: worst.key)).text
            throw RulesError(.limit, "the rule gives \(worst.value) alerts at \(at), the group's limit is \(limit)")
        }
    }
}
