public import ConfigurationFile
internal import Glibc
internal import Model
public import PromQL
internal import SeriesQuery

/// Runs unit tests of rules as promtool does: series in memory, evaluation every `evaluation_interval` from 0 on.
public struct RuleTestRun: Sendable {
    private let options: EngineOptions

    /// - Parameter options: Prometheus 3's meaning unless told otherwise.
    public init(options: EngineOptions = EngineOptions()) {
        self.options = options
    }

    /// Runs the tests of the file at `path`.
    ///
    /// - Throws: all that is wrong in the file or in the rule files it names. A test that fails is no error.
    public func run(file path: String) async throws(ConfigurationErrors) -> RuleTestReport {
        let file = try RuleTestFileReader.read(try RuleFile.text(of: path), name: path)
        let groups = try Self.groups(of: file, in: path)
        var report = RuleTestReport(file: path, checks: 0, failures: [])
        for test in file.tests {
            let evaluation = RuleTestEvaluation(test, groups, interval: file.evaluationInterval, options: options)
            report.failures += await evaluation.failures()
            report.checks += test.alerts.count + test.queries.count
        }
        report.failures.sort { ($0.line, $0.column) < ($1.line, $1.column) }
        return report
    }

    /// In the order of evaluation: those that `group_eval_order` names, and those that it does not with the first.
    private static func groups(of file: RuleTestFile, in path: String) throws(ConfigurationErrors) -> [RuleGroup] {
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        var groups: [RuleGroup] = []
        var errors: [ConfigurationError] = []
        for pattern in file.ruleFiles {
            let paths = FilePattern.paths(pattern.text.hasPrefix("/") ? pattern.text : directory + pattern.text)
            if paths.isEmpty {
                errors.append(
                    pattern.node.error("no file matches \"\(pattern.text)\"", remedy: "paths are relative to this file")
                )
            }
            for path in paths {
                do throws(ConfigurationErrors) { groups += try RuleFile(file: path).groups } catch {
                    errors += error.errors
                }
            }
        }
        guard errors.isEmpty else { throw ConfigurationErrors(errors) }
        var order: [String: Int] = [:]
        for (number, name) in file.groupOrder.enumerated() { order[name] = number }
        return groups.enumerated()
            .sorted { (order[$0.element.name] ?? 0, $0.offset) < (order[$1.element.name] ?? 0, $1.offset) }
            .map(\.element)
    }
}

/// One test as it runs.
private struct RuleTestEvaluation {
    /// A test that would evaluate more often than this is refused.
    private static let maximumRounds = 1_000_000

    private let test: RuleTest
    private let groups: [RuleGroup]
    private let interval: Duration
    private let source = DerivedSeries()
    private let engine: PromQLEngine
    private let settings: RuleSettings

    init(_ test: RuleTest, _ groups: [RuleGroup], interval: Duration, options: EngineOptions) {
        self.test = test
        self.groups = groups
        self.interval = interval
        var options = options
        options.defaultSubqueryInterval = interval
        engine = PromQLEngine(source: source, options: options)
        var settings = RuleSettings(deadline: .seconds(60), externalURL: test.externalURL)
        settings.externalLabels = test.externalLabels
        self.settings = settings
    }

    func failures() async -> [RuleTestFailure] {
        for series in test.series {
            for (index, value) in series.values.enumerated() {
                guard let value else { continue }
                source.add(series.labels, at: Int64(index) * test.interval.milliseconds, value)
            }
        }
        var (failures, isComplete) = await alertFailures()
        guard isComplete else { return failures }
        for query in test.queries {
            if let message = await problem(of: query) { failures.append(failure(query.node, message)) }
        }
        return failures
    }

    // MARK: Alerts

    /// - Returns: false with what kept a rule from being evaluated: then nothing further is looked at.
    private func alertFailures() async -> ([RuleTestFailure], isComplete: Bool) {
        let end = (test.alerts.map(\.at) + test.queries.map(\.at)).max() ?? .zero
        guard end.milliseconds / interval.milliseconds <= Self.maximumRounds else {
            let node = test.alerts.first?.node ?? test.queries.first?.node
            let message = "more than \(Self.maximumRounds) evaluations; use a longer evaluation_interval"
            return (node.map { [failure($0, message)] } ?? [], false)
        }
        var failures: [RuleTestFailure] = []
        var states: [String: AlertStates] = [:]
        var recorded: [String: Set<Labels>] = [:]
        var at = Duration.zero
        while at <= end {
            for group in groups {
                let round = GroupRound(group: group, engine: engine, settings: settings)
                let now = Timestamp(milliseconds: at.milliseconds)
                let results = await round.results(at: now, states: states, recorded: &recorded)
                if let broken = results.first(where: { $0.problem != nil }) {
                    let node = test.alerts.first?.node ?? test.queries.first?.node
                    let message = "\(broken.rule.name) at \(ScalarText.text(at)): \(broken.problem ?? "")"
                    return (failures + (node.map { [failure($0, message)] } ?? []), false)
                }
                for result in results { states[result.rule.id] = result.states }
                // In memory nothing can fail.
                try? await source.append(results.flatMap(\.series), source: group.id, at: now - group.queryOffset)
            }
            for expectation in test.alerts where expectation.at >= at && expectation.at < at + interval {
                if let message = problem(of: expectation, states) {
                    failures.append(failure(expectation.node, message))
                }
            }
            at += interval
        }
        return (failures, true)
    }

    private func problem(of expectation: AlertExpectation, _ states: [String: AlertStates]) -> String? {
        let rules = groups.flatMap(\.rules).filter { $0.kind == .alert && $0.name == expectation.alert }
        let firing = rules.flatMap { states[$0.id]?.all ?? [] }.map(\.alert).filter { $0.state == .firing }
        let got = firing.map { ExpectedAlert(labels: $0.labels, annotations: $0.annotations) }
        guard Self.sorted(got) != Self.sorted(expectation.expected) else { return nil }
        return """
            \(expectation.alert) at \(ScalarText.text(expectation.at))\(inTest)
              expected: \(Self.listed(expectation.expected))
              got:      \(Self.listed(got))
            """
    }

    private static func sorted(_ alerts: [ExpectedAlert]) -> [String] { alerts.map(text).sorted() }

    private static func text(_ alert: ExpectedAlert) -> String { "\(alert.labels) \(alert.annotations)" }

    private static func listed(_ alerts: [ExpectedAlert]) -> String {
        alerts.isEmpty ? "no alert" : sorted(alerts).joined(separator: "\n            ")
    }

    // MARK: Queries

    private func problem(of expectation: QueryExpectation) async -> String? {
        let title = "\(expectation.query.text) at \(ScalarText.text(expectation.at))\(inTest)"
        do {
            let result = try await engine.instant(
                expectation.query, at: Timestamp(milliseconds: expectation.at.milliseconds))
            guard let vector = result.value.vector else {
                return "\(title)\n  gives a \(result.value.typeName), not an instant vector or a scalar"
            }
            let got = Self.sorted(vector.map { ($0.labels, $0.sample.value) })
            let expected = Self.sorted(expectation.expected)
            let isSame =
                got.count == expected.count
                && zip(got, expected).allSatisfy { $0.labels == $1.labels && Self.isSame($0.value, $1.value) }
            return isSame ? nil : "\(title)\n  expected: \(Self.listed(expected))\n  got:      \(Self.listed(got))"
        } catch {
            return "\(title)\n  \(error)"
        }
    }

    private static func isSame(_ left: Double, _ right: Double) -> Bool { left == right || (left.isNaN && right.isNaN) }

    private static func sorted(_ samples: [(labels: Labels, value: Double)]) -> [(labels: Labels, value: Double)] {
        samples.sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
    }

    private static func listed(_ samples: [(labels: Labels, value: Double)]) -> String {
        samples.isEmpty
            ? "nothing" : samples.map { "\($0.labels) \($0.value)" }.joined(separator: "\n            ")
    }

    private var inTest: String { test.name.map { " (test \"\($0)\")" } ?? "" }

    private func failure(_ node: YAMLNode, _ message: String) -> RuleTestFailure {
        RuleTestFailure(file: node.file, line: node.line, column: node.column, message: message)
    }
}

/// Paths with wildcards.
public enum FilePattern {
    /// The files that `pattern` matches, sorted; a path without wildcards is its own match even if there is no file.
    public static func paths(_ pattern: String) -> [String] {
        guard pattern.contains(where: { "*?[".contains($0) }) else { return [pattern] }
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0 else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
    }
}
