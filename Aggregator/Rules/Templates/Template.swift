public import Model

/// A label or annotation of a rule: text with `{{ … }}` actions, the part of Go's templates that alert rules use.
///
/// `$value`, `$labels.name`, `.Value`, `.Labels.name`, strings, numbers, pipelines, parentheses, `if … else … end`,
/// comparisons, `printf` and Prometheus's `humanize…` functions. `range`, `with`, `template` and `query` are refused
/// when the rule is loaded, by name and with what to do instead; nothing is silently left unexpanded.
public struct Template: Hashable, Sendable {
    /// As it was written.
    public let source: String
    let nodes: [TemplateNode]

    /// Reads `source`.
    ///
    /// - Throws: `.template`; the message names the place (characters from the start) and the remedy.
    public init(parsing source: String) throws(RulesError) {
        self.source = source
        var parser = TemplateParser(source)
        nodes = try parser.parse()
    }

    /// Whether the text depends on the alert's value.
    var namesValue: Bool { nodes.contains(where: \.namesValue) }

    /// The text for one alert.
    ///
    /// - Throws: `.template` when a function does not fit its arguments.
    public func expanded(
        labels: Labels, value: Double, externalURL: String = "", externalLabels: Labels = Labels()
    ) throws(RulesError) -> String {
        try TemplateEvaluation(labels: labels, value: value, externalURL: externalURL, externalLabels: externalLabels)
            .text(of: nodes)
    }
}

indirect enum TemplateNode: Hashable, Sendable {
    case text(String)
    case action(TemplateExpression)
    /// The first branch whose condition is true; a branch without a condition is `else`.
    case choice([TemplateBranch])
}

extension TemplateNode {
    /// Whether the value stands in it.
    var namesValue: Bool {
        switch self {
        case .text: false
        case .action(let expression): expression.namesValue
        case .choice(let branches):
            branches.contains { $0.condition?.namesValue ?? false || $0.nodes.contains(where: \.namesValue) }
        }
    }
}

extension TemplateExpression {
    /// Whether the value stands in it.
    var namesValue: Bool {
        switch self {
        case .value: true
        case .call(_, let arguments): arguments.contains(where: \.namesValue)
        default: false
        }
    }
}

struct TemplateBranch: Hashable, Sendable {
    var condition: TemplateExpression?
    var nodes: [TemplateNode]
}

indirect enum TemplateExpression: Hashable, Sendable {
    case value
    case labels
    case label(String)
    case externalURL
    case externalLabels
    case externalLabel(String)
    case string(String)
    case number(Double, isInteger: Bool)
    case boolean(Bool)
    case call(String, [TemplateExpression])
}
