internal import Model
internal import SeriesQuery

/// The lives of one rule's alerts over history, by the rules of `AlertStates`, but series by series: what holds for a run
/// of evaluations is worked out at its ends.
struct AlertLives {
    private struct Life {
        var activeAt: Int64
        var firing: BacktestFiring?
        /// When the expression was last true.
        var last: Int64
    }

    private let rule: Rule
    private let evaluation: RuleEvaluation
    private let step: Int64
    private let hold: Int64
    private let keep: Int64
    /// Whether an alert's labels are the same at each instant of its series.
    private let labelsAreFixed: Bool
    private var lives: [Labels: Life] = [:]
    private var all: [BacktestFiring] = []
    private(set) var count = 0
    private(set) var pendingOnly = 0
    private var firingMilliseconds: Int64 = 0

    init(rule: Rule, settings: RuleSettings, step: Duration) {
        self.rule = rule
        evaluation = RuleEvaluation(rule: rule, settings: settings)
        self.step = step.milliseconds
        hold = rule.hold.milliseconds
        keep = rule.keepFiringFor.milliseconds
        labelsAreFixed = rule.labels.allSatisfy { !$0.template.namesValue }
    }

    /// In the order in which they began to fire.
    var firings: [BacktestFiring] {
        all.sorted {
            ($0.firedAt, $0.labels.description) < ($1.firedAt, $1.labels.description)
        }
    }

    /// Added up over all alerts.
    var firingTime: Duration { .milliseconds(firingMilliseconds) }

    /// Takes the expression's values of the next steps.
    ///
    /// - Parameter offset: how far the evaluation is after what it looks at.
    mutating func add(_ series: [SampledSeries], offset: Duration) throws(RulesError) {
        var byLabels: [Labels: [(instant: Int64, value: Double, labels: Labels)]] = [:]
        for one in series {
            let fixed = labelsAreFixed ? evaluation.labels(of: one.labels, value: 0) : nil
            for (instant, value) in zip(one.timestamps, one.values) {
                let labels = fixed ?? evaluation.labels(of: one.labels, value: value)
                byLabels[labels, default: []].append((instant + offset.milliseconds, value, one.labels))
            }
        }
        for (labels, unsorted) in byLabels {
            let observed = unsorted.sorted { $0.instant < $1.instant }
            for at in observed.indices {
                let (instant, value, own) = observed[at]
                guard at == 0 || observed[at - 1].instant < instant else {
                    throw RulesError(
                        .duplicateLabels,
                        "two results have the labels \(labels) once the rule's labels are added; leave out fewer labels"
                    )
                }
                see(labels, own, value, at: instant)
            }
        }
    }

    /// The last evaluation was at `end`.
    mutating func finish(at end: Timestamp) {
        for labels in Array(lives.keys) {
            pass(labels, to: end.milliseconds)
            guard let life = lives[labels] else { continue }
            if let firing = life.firing { close(firing, at: end.milliseconds, isOver: false) }
        }
        lives = [:]
    }

    private mutating func see(_ labels: Labels, _ own: Labels, _ value: Double, at instant: Int64) {
        pass(labels, to: instant - step)
        var life = lives[labels] ?? Life(activeAt: instant, last: instant)
        life.last = instant
        if life.firing == nil, instant - life.activeAt >= hold {
            let annotations =
                all.count < Backtest.maximumFirings ? evaluation.annotations(of: own, value: value) : Labels()
            life.firing = BacktestFiring(
                labels: labels, annotations: annotations, value: value,
                activeAt: Timestamp(milliseconds: life.activeAt), firedAt: Timestamp(milliseconds: instant))
        }
        lives[labels] = life
    }

    /// The expression was not true from after it was last until `instant`.
    private mutating func pass(_ labels: Labels, to instant: Int64) {
        guard let life = lives[labels], instant > life.last else { return }
        let since = life.last + step
        guard let firing = life.firing else {
            pendingOnly += 1
            lives[labels] = nil
            return
        }
        let ended = since + (keep + step - 1) / step * step
        guard ended <= instant else { return }
        close(firing, at: ended, isOver: true)
        lives[labels] = nil
    }

    private mutating func close(_ firing: BacktestFiring, at instant: Int64, isOver: Bool) {
        var firing = firing
        count += 1
        firingMilliseconds += instant - firing.firedAt.milliseconds
        if isOver { firing.resolvedAt = Timestamp(milliseconds: instant) }
        if all.count < Backtest.maximumFirings { all.append(firing) }
    }
}
