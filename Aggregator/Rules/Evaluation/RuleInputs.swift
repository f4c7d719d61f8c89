internal import Model
internal import PromQL

/// What rules look at in the end: through what other rules record, down to what is measured.
struct RuleInputs: Sendable {
    private let recordings: [String: [Expression]]

    init(_ groups: [RuleGroup]) {
        let rules = groups.flatMap(\.rules).filter { $0.kind == .record }
        recordings = Dictionary(grouping: rules, by: \.name).mapValues { $0.map(\.query.expression) }
    }

    /// The expressions that record `metric`; none if it is measured.
    func expressions(recording metric: String) -> [Expression] { recordings[metric] ?? [] }

    /// The measured metrics that `expression` looks at; "" for a selector that names none.
    func metrics(of expression: Expression) -> Set<String> {
        var (measured, seen): (Set<String>, Set<String>) = ([], [])
        var open = expression.selectors.map(\.name)
        while let name = open.popLast() {
            guard seen.insert(name).inserted else { continue }
            let makers = expressions(recording: name)
            if makers.isEmpty { measured.insert(name) }
            open += makers.flatMap(\.selectors).map(\.name)
        }
        return measured
    }

    /// Whether an alert of `rule` waits when nothing is measured any more of what it is about: if it has to hold for a
    /// while, and does not judge by itself who is heard.
    func isPatient(_ rule: Rule) -> Bool {
        rule.kind == .alert && rule.hold > .zero
            && metrics(of: rule.query.expression).isDisjoint(with: ["up", ""])
    }
}
