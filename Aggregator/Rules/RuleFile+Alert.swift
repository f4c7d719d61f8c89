internal import ConfigurationFile
internal import PromQL

extension Rule {
    /// An alert that stands in no file, as someone tries one out.
    ///
    /// - Throws: `QueryError` with the place in `expression`; `RulesError` for a parameter, label or annotation.
    public init(
        alert name: String, expression: String, hold: Duration = .zero, keepFiringFor: Duration = .zero,
        labels: [String: String] = [:], annotations: [String: String] = [:]
    ) throws {
        let query = try Query(expression)
        func texts(_ texts: [String: String]) throws -> [TemplatedText] {
            try texts.sorted { $0.key < $1.key }.map { name, text in
                guard RuleFileReader.isLabelName(name) else {
                    throw RulesError(
                        .template, "\"\(name)\" cannot be a name; use letters, digits and _, no digit first")
                }
                return TemplatedText(name: name, template: try Template(parsing: text))
            }
        }
        self.init(
            id: "-/-/\(name)/0", kind: .alert, name: name, query: query, parameters: try RuleParameter.all(of: query),
            hold: hold, keepFiringFor: keepFiringFor, labels: try texts(labels), annotations: try texts(annotations),
            line: 1)
    }
}

extension RuleGroup {
    /// A group of `rule` alone, that stands in no file.
    public init(of rule: Rule, interval: Duration? = nil) {
        self.init(file: "-", name: "-", interval: interval, limit: 0, queryOffset: .zero, rules: [rule])
    }
}

extension RuleGroup {
    /// The rule `name` among `groups`: its id, or its name if no other rule has that; with its group.
    ///
    /// - Throws: `.notFound`.
    public static func find(
        _ name: String, in groups: [RuleGroup]
    ) throws(RulesError) -> (rule: Rule, group: RuleGroup) {
        let all = groups.flatMap { group in group.rules.map { (rule: $0, group: group) } }
        if let found = all.first(where: { $0.rule.id == name }) { return found }
        let named = all.filter { $0.rule.name == name }
        guard let found = named.first else { throw RulesError(.notFound, "there is no rule \(name)") }
        guard named.count == 1 else {
            let ids = named.map(\.rule.id).joined(separator: ", ")
            throw RulesError(.notFound, "several rules are called \(name); say which: \(ids)")
        }
        return found
    }
}
