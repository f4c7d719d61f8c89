internal import Model

/// A value inside a template.
enum TemplateValue: Equatable {
    case number(Double)
    case integer(Int64)
    case string(String)
    case boolean(Bool)
    case labels(Labels)

    /// As Go's `{{ … }}` prints it.
    var text: String {
        switch self {
        case .number(let number): GoFormat.plain(number)
        case .integer(let integer): String(integer)
        case .string(let string): string
        case .boolean(let boolean): boolean ? "true" : "false"
        case .labels(let labels): "map[" + labels.map { "\($0.name):\($0.value)" }.joined(separator: " ") + "]"
        }
    }

    /// As Go decides `if`: zero and empty are false.
    var isTrue: Bool {
        switch self {
        case .number(let number): number != 0
        case .integer(let integer): integer != 0
        case .string(let string): !string.isEmpty
        case .boolean(let boolean): boolean
        case .labels(let labels): !labels.isEmpty
        }
    }

    /// The number, also when written as text, as Prometheus's functions take it.
    var number: Double? {
        switch self {
        case .number(let number): number
        case .integer(let integer): Double(integer)
        case .string(let string): Double(string)
        default: nil
        }
    }
}

/// Expands nodes for one alert.
struct TemplateEvaluation {
    let labels: Labels
    let value: Double
    let externalURL: String
    let externalLabels: Labels

    func text(of nodes: [TemplateNode]) throws(RulesError) -> String {
        var result = ""
        for node in nodes {
            switch node {
            case .text(let text): result += text
            case .action(let expression): result += try evaluate(expression).text
            case .choice(let branches):
                for branch in branches {
                    if let condition = branch.condition, try !evaluate(condition).isTrue { continue }
                    result += try text(of: branch.nodes)
                    break
                }
            }
        }
        return result
    }

    private func evaluate(_ expression: TemplateExpression) throws(RulesError) -> TemplateValue {
        switch expression {
        case .value: return .number(value)
        case .labels: return .labels(labels)
        case .label(let name): return .string(labels[name] ?? "")
        case .externalURL: return .string(externalURL)
        case .externalLabels: return .labels(externalLabels)
        case .externalLabel(let name): return .string(externalLabels[name] ?? "")
        case .string(let string): return .string(string)
        case .number(let number, let isInteger): return isInteger ? .integer(Int64(number)) : .number(number)
        case .boolean(let boolean): return .boolean(boolean)
        case .call("externalURL", _): return .string(externalURL)
        case .call(let name, let arguments):
            var values: [TemplateValue] = []
            for argument in arguments { values.append(try evaluate(argument)) }
            return try TemplateFunctions.call(name, values)
        }
    }
}
