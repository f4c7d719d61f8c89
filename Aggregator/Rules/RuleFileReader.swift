internal import ConfigurationFile
internal import Model
internal import PromQL

/// YAML nodes → groups and rules. Reports what is wrong and goes on, so that all is told at once.
struct RuleFileReader {
    let lines: [Substring]
    let name: String
    let problems: Problems

    init(text: String, name: String, problems: Problems) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        self.name = name
        self.problems = problems
    }

    mutating func groups(_ root: MappingReader) -> [RuleGroup] {
        var root = root
        var groups: [RuleGroup] = []
        for reader in root.mappings("groups") {
            let group = self.group(reader)
            if groups.contains(where: { $0.name == group.name }) {
                problems.report(
                    reader.node.error("a second group \"\(group.name)\"", remedy: "give each group its own name"))
            }
            groups.append(group)
        }
        root.finish()
        return groups
    }

    private mutating func group(_ reader: MappingReader) -> RuleGroup {
        var reader = reader
        let groupName = reader.string("name")
        let interval = reader.duration("interval")
        if let interval, interval < .seconds(1) || interval > .seconds(86_400), let node = reader.node("interval") {
            problems.report(node.error("an interval outside 1s to 1d", remedy: "write a time such as \"5s\""))
        }
        let limit = reader.int("limit", default: 0, in: 0...1_000_000)
        let offset = reader.duration("query_offset", default: .zero, in: .zero ... .seconds(86_400))
        let common = texts(reader.node("labels"), "label")
        var rules: [Rule] = []
        var numbers: [String: Int] = [:]
        for ruleReader in reader.mappings("rules") {
            guard var rule = self.rule(ruleReader, common) else { continue }
            let number = numbers[rule.name, default: 0]
            numbers[rule.name] = number + 1
            rule.id = "\(Self.base(name))/\(groupName)/\(rule.name)/\(number)"
            rules.append(rule)
        }
        reader.finish()
        return RuleGroup(
            file: Self.base(name), name: groupName, interval: interval, limit: limit, queryOffset: offset, rules: rules)
    }

    private static func base(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    private func rule(_ reader: MappingReader, _ common: [TemplatedText]) -> Rule? {
        var reader = reader
        let alert = reader.string("alert", default: nil)
        let record = reader.string("record", default: nil)
        let expression = reader.node("expr")
        let hold = reader.duration("for", default: .zero, in: .zero ... .seconds(366 * 86_400))
        let keep = reader.duration("keep_firing_for", default: .zero, in: .zero ... .seconds(366 * 86_400))
        let labels = texts(reader.node("labels"), "label")
        let annotations = texts(reader.node("annotations"), "annotation")
        reader.finish()
        guard (alert == nil) != (record == nil), let ruleName = alert ?? record else {
            problems.report(
                reader.node.error(
                    alert == nil
                        ? "a rule without \"alert\" or \"record\"" : "a rule with both \"alert\" and \"record\"",
                    remedy: "write one of the two"))
            return nil
        }
        if record != nil { checkRecording(reader, ruleName, hold: hold, keep: keep, labels, annotations) }
        if alert != nil, ruleName.isEmpty {
            problems.report(reader.node.error("an alert without a name", remedy: "write `alert: Name`"))
        }
        guard let query = query(expression, reader) else { return nil }
        let parameters = parameters(of: query, expression ?? reader.node)
        let own = Set(labels.map(\.name))
        return Rule(
            id: "", kind: alert == nil ? .record : .alert, name: ruleName, query: query,
            parameters: parameters, hold: hold,
            keepFiringFor: keep,
            labels: common.filter { !own.contains($0.name) } + labels, annotations: annotations, line: reader.node.line)
    }

    private func checkRecording(
        _ reader: MappingReader, _ name: String, hold: Duration, keep: Duration, _ labels: [TemplatedText],
        _ annotations: [TemplatedText]
    ) {
        if !Self.isMetricName(name) {
            problems.report(
                reader.node.error(
                    "\"\(name)\" is not a metric's name", remedy: "use letters, digits, _ and :, not a digit first"))
        }
        if hold > .zero || keep > .zero || !annotations.isEmpty {
            problems.report(
                reader.node.error(
                    "a recording rule with \"for\", \"keep_firing_for\" or \"annotations\"",
                    remedy: "these belong to alerts; take them out"))
        }
    }

    // MARK: Labels and annotations

    private func texts(_ node: YAMLNode?, _ what: String) -> [TemplatedText] {
        guard let node else { return [] }
        guard let pairs = node.pairs else {
            problems.report(node.error("\(what)s are keys with texts", remedy: "write `name: text` lines"))
            return []
        }
        return pairs.compactMap { pair in text(pair, what) }
    }

    private func text(_ pair: YAMLNode.Pair, _ what: String) -> TemplatedText? {
        guard Self.isLabelName(pair.name), what != "label" || pair.name != Labels.metricName else {
            problems.report(
                pair.key.error(
                    "\"\(pair.name)\" cannot be the name of a \(what)",
                    remedy: "use letters, digits and _, not a digit first"))
            return nil
        }
        guard let text = pair.value.text else {
            problems.report(
                pair.value.error("\(pair.name): a text belongs here", remedy: "quote it if it has colons or braces"))
            return nil
        }
        do throws(RulesError) {
            let template = try Template(parsing: text)
            // With a sample value, so that a verb that does not fit is found now and not in the first mail.
            _ = try template.expanded(labels: Labels(), value: 1)
            return TemplatedText(name: pair.name, template: template)
        } catch {
            problems.report(pair.value.error("\(pair.name): \(error.message)"))
            return nil
        }
    }

    static func isLabelName(_ name: String) -> Bool { isName(name, colons: false) }
    private static func isMetricName(_ name: String) -> Bool { isName(name, colons: true) }

    private static func isName(_ name: String, colons: Bool) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy {
            (0x61...0x7a).contains($0) || (0x41...0x5a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5f
                || (colons && $0 == 0x3a)
        }
    }

    // MARK: Expressions

    private func query(_ node: YAMLNode?, _ reader: MappingReader) -> Query? {
        guard let node, let text = node.text else {
            problems.report(
                (node ?? reader.node).error("a rule without an expression", remedy: "write `expr: …` in PromQL"))
            return nil
        }
        do throws(QueryError) {
            return try Query(text)
        } catch {
            var problem = node.error("PromQL: \(error.message)")
            if let place = place(of: error.position, in: text, node) { (problem.line, problem.column) = place }
            problems.report(problem)
            return nil
        }
    }

    private func parameters(of query: Query, _ node: YAMLNode) -> [RuleParameter] {
        do throws(RulesError) {
            return try RuleParameter.all(of: query)
        } catch {
            problems.report(node.error(error.message))
            return []
        }
    }

    /// Where in the file a place of the expression stands; nil where YAML folded lines, so that it cannot be told.
    private func place(of position: SourceRange?, in text: String, _ node: YAMLNode) -> (line: Int, column: Int)? {
        guard let position, (1...lines.count).contains(node.line) else { return nil }
        let before = Array(text.utf8.prefix(position.start))
        let row = before.count { $0 == 0x0a }
        let column = before.count - (before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0)
        switch Array(lines[node.line - 1].utf8).dropFirst(node.column - 1).first {
        case UInt8(ascii: "|"):
            let indent = lines.dropFirst(node.line).first { !$0.allSatisfy(\.isWhitespace) }?.prefix { $0 == " " }.count
            return (node.line + 1 + row, (indent ?? 0) + column + 1)
        case UInt8(ascii: ">"): return nil
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return row == 0 ? (node.line, node.column + 1 + column) : nil
        default: return row == 0 ? (node.line, node.column + column) : nil
        }
    }
}
