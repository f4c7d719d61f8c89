internal import ConfigurationFile
internal import Model
internal import PromQL

/// YAML nodes → tests. Reports what is wrong and goes on, so that all is told at once.
struct RuleTestFileReader {
    private let problems: Problems

    private init(_ problems: Problems) { self.problems = problems }

    /// Reads `text`; messages call it `name`.
    static func read(_ text: String, name: String) throws(ConfigurationErrors) -> RuleTestFile {
        let document = try YAMLDocument(text, name: name)
        let problems = Problems()
        let file = RuleTestFileReader(problems).file(document.root)
        try problems.throwIfAny()
        return file
    }

    private static let day: Duration = .seconds(86_400)

    private func file(_ node: YAMLNode) -> RuleTestFile {
        var root = MappingReader(node, problems)
        let interval = root.duration(
            "evaluation_interval", default: .seconds(60), in: .milliseconds(1)...Self.day)
        let files = root.list("rule_files").compactMap { node -> RuleTestFile.PlacedText? in
            if let text = node.text { return .init(text: text, node: node) }
            problems.report(node.error("a path belongs here", remedy: "write `- rules.yaml`"))
            return nil
        }
        let order = root.strings("group_eval_order", default: [])
        if let twice = order.first(where: { name in order.count { $0 == name } > 1 }),
            let node = root.node("group_eval_order")
        {
            problems.report(node.error("the group \"\(twice)\" twice", remedy: "name each group once"))
        }
        let tests = root.mappings("tests").map { test($0, interval) }
        root.finish()
        return RuleTestFile(ruleFiles: files, evaluationInterval: interval, groupOrder: order, tests: tests)
    }

    private func test(_ reader: MappingReader, _ evaluationInterval: Duration) -> RuleTest {
        var reader = reader
        let test = RuleTest(
            name: reader.string("name", default: nil),
            interval: reader.duration(
                "interval", default: evaluationInterval, in: .milliseconds(1) ... .seconds(366 * 86_400)),
            series: reader.mappings("input_series").compactMap(series),
            alerts: reader.mappings("alert_rule_test").map(alerts),
            queries: reader.mappings("promql_expr_test").compactMap(query),
            externalLabels: labels("external_labels", of: &reader),
            externalURL: reader.string("external_url", default: ""))
        reader.finish()
        return test
    }

    private func series(_ reader: MappingReader) -> SeriesNotation? {
        var reader = reader
        let (name, values) = (reader.string("series"), reader.string("values"))
        let nodes = (reader.node("series"), reader.node("values"))
        reader.finish()
        do {
            return try SeriesNotation("\(SeriesNotation.labels(name)) \(Self.checked(values))")
        } catch {
            // Which of the two it is: the labels are tried alone.
            // Losing this error is right: it is the one that is reported.
            let isLabels = (try? SeriesNotation.labels(name)) == nil
            let node = (isLabels ? nodes.0 : nodes.1) ?? reader.node
            problems.report(
                node.error(error.message, remedy: "write `series: 'up{job=\"etcd\"}'` and `values: '1 0x5 _'`"))
            return nil
        }
    }

    /// `values`, if there is nothing in it that cannot be read.
    private static func checked(_ values: String) throws(QueryError) -> String {
        _ = try SeriesNotation.values(values)
        return values
    }

    private func alerts(_ reader: MappingReader) -> AlertExpectation {
        var reader = reader
        let name = reader.string("alertname")
        let expected = reader.mappings("exp_alerts").map { alert -> ExpectedAlert in
            var alert = alert
            var labels = labels("exp_labels", of: &alert)
            labels["alertname"] = name
            let annotations = self.labels("exp_annotations", of: &alert)
            alert.finish()
            return ExpectedAlert(labels: labels, annotations: annotations)
        }
        let at = instant(&reader)
        reader.finish()
        return AlertExpectation(at: at, alert: name, expected: expected, node: reader.node)
    }

    private func query(_ reader: MappingReader) -> QueryExpectation? {
        var reader = reader
        let text = reader.string("expr")
        let expression = reader.node("expr") ?? reader.node
        let at = instant(&reader)
        let expected = reader.mappings("exp_samples").compactMap(sample)
        reader.finish()
        do {
            return QueryExpectation(at: at, query: try Query(text), expected: expected, node: reader.node)
        } catch {
            problems.report(expression.error("PromQL: \(error.message)"))
            return nil
        }
    }

    private func sample(_ reader: MappingReader) -> (labels: Labels, value: Double)? {
        var reader = reader
        if let node = reader.node("histogram") {
            problems.report(
                node.error("native histograms are not supported", remedy: "test classic ones by their buckets"))
        }
        let text = reader.string("labels", default: "{}")
        let value = reader.value("value", "a number") { $0.text.flatMap(Self.number) } ?? 0
        reader.finish()
        do {
            return (try SeriesNotation.labels(text), value)
        } catch {
            problems.report(
                (reader.node("labels") ?? reader.node).error(error.message, remedy: "write `'up{job=\"etcd\"}'`"))
            return nil
        }
    }

    /// As YAML and PromQL write numbers.
    private static func number(_ text: String) -> Double? {
        switch text.lowercased() {
        case ".nan": .nan
        case ".inf", "+.inf": .infinity
        case "-.inf": -.infinity
        default: SeriesNotation.number(text) ?? Double(text)
        }
    }

    private func instant(_ reader: inout MappingReader) -> Duration {
        if reader.node("eval_time") == nil { reader.reportMissing("eval_time") }
        return reader.duration("eval_time", default: .zero, in: .zero ... .seconds(10 * 366 * 86_400))
    }

    private func labels(_ key: String, of reader: inout MappingReader) -> Labels {
        Labels(reader.texts(key).map { Label($0.0, $0.1) })
    }
}
