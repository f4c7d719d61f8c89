import ConfigurationFile
import FoundationEssentials
import PromQL
import SeriesQuery
import TestSupport
import Testing

@testable import Rules

@Suite struct RuleFileTests {
    /// Tests/Fixtures/rules, from Tests/Aggregator/RulesTests/RuleFileTests.swift.
    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/rules").path

    private func errors(_ text: String) -> [String] {
        do {
            _ = try RuleFile(text, name: "rules.yaml")
            return []
        } catch {
            return error.errors.map(\.description)
        }
    }

    private func rule(_ lines: String) -> String {
        "groups:\n  - name: g\n    rules:\n      - " + lines.split(separator: "\n").joined(separator: "\n        ")
            + "\n"
    }

    @Test func theBuiltInRulesLoadAndSayWhatToDo() throws {
        let files = try RuleFile.builtIn()
        #expect(files.flatMap(\.groups).map(\.id).count == Set(files.flatMap(\.groups).map(\.id)).count)
        let alerts = files.flatMap(\.groups).flatMap(\.rules).filter { $0.kind == .alert }
        #expect(alerts.count == Set(alerts.map(\.name)).count)
        for rule in alerts {
            #expect(rule.annotations.map(\.name) == ["summary", "cause", "action"], "\(rule.name)")
            let labels = Dictionary(uniqueKeysWithValues: rule.labels.map { ($0.name, $0.template.source) })
            #expect(Set(labels.keys) == ["severity", "group"], "\(rule.name)")
            #expect(["critical", "warning", "info"].contains(labels["severity"]), "\(rule.name)")
        }
    }

    /// Every built-in alert has a unit test in which it fires.
    @Test func everyBuiltInAlertHasAUnitTestInWhichItFires() throws {
        var tested: Set<String> = []
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.fixtures + "/tests")
        where name.hasPrefix("builtin-") {
            let text = try String(contentsOfFile: Self.fixtures + "/tests/" + name, encoding: .utf8)
            let file = try RuleTestFileReader.read(text, name: name)
            for query in file.tests.flatMap(\.queries) where !query.expected.isEmpty {
                let matchers = query.query.expression.selectors.flatMap(\.matchers)
                tested.formUnion(matchers.filter { $0.name == "alertname" }.map(\.value))
            }
        }
        let all = try RuleFile.builtIn().flatMap(\.groups).flatMap(\.rules).filter { $0.kind == .alert }.map(\.name)
        #expect(Set(all).subtracting(tested) == [])
    }

    static let promtool: String? = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    @Test(.enabled(if: promtool != nil, "promtool is not installed"))
    func promtoolAcceptsTheBuiltInRules() async throws {
        let directory = try TemporaryDirectory()
        let paths = try RuleFile.builtInTexts.map { try directory.write($0.text, to: $0.name) }
        let promtool = try await ChildProcess.start(
            try #require(Self.promtool), ["check", "rules"] + paths, output: directory.file("output"))
        let exit = await promtool.waitForExit()
        #expect(exit == .status(0), "\(promtool.output)")
        let counts = try RuleFile.builtIn().map { $0.groups.flatMap(\.rules).count }
        for count in counts { #expect(promtool.output.contains("SUCCESS: \(count) rules found")) }
    }

    @Test func theMixinsFifteenRulesLoadAsTheyAre() throws {
        let file = try RuleFile(file: Self.fixtures + "/etcd-mixin.yaml")
        #expect(file.name == "etcd-mixin.yaml")
        let rules = file.groups.flatMap(\.rules)
        #expect(rules.count == 15)
        #expect(Set(rules.map(\.name)).count == 13)
        #expect(Set(rules.map(\.id)).count == 15)
        #expect(rules.first?.hold == .seconds(1200))
    }

    @Test func everythingThatPrometheusKnowsIsRead() throws {
        let file = try RuleFile(
            """
            groups:
              - name: g
                interval: 30s
                limit: 7
                query_offset: 1m
                labels: {team: a, severity: info}
                rules:
                  - alert: A
                    expr: up == 0
                    for: 1m30s
                    keep_firing_for: 5m
                    labels: {severity: warning}
                    annotations: {summary: "{{ $value }}"}
                  - record: job:up:sum
                    expr: sum by (job) (up)
            """, name: "dir/rules.yaml")
        let group = try #require(file.groups.first)
        #expect(group.interval == .seconds(30) && group.limit == 7 && group.queryOffset == .seconds(60))
        let alert = try #require(group.rules.first)
        #expect(alert.id == "rules.yaml/g/A/0" && alert.hold == .seconds(90) && alert.keepFiringFor == .seconds(300))
        #expect(alert.labels.map { "\($0.name)=\($0.template.source)" } == ["team=a", "severity=warning"])
        #expect(group.rules.last?.kind == .record)
    }

    /// What is wrong, and where.
    @Test func mistakesAreToldWithPlaceAndRemedy() {
        #expect(
            errors(rule("alert: A\nexpr: up\nfro: 5m")) == [
                "rules.yaml:6:9: unknown key \"fro\"; did you mean \"for\"?"
            ])
        #expect(errors(rule("alert: A")).first?.hasPrefix("rules.yaml:4:9: a rule without an expression") == true)
        #expect(errors(rule("expr: up")).first?.contains("without \"alert\" or \"record\"") == true)
        #expect(errors(rule("alert: A\nrecord: b\nexpr: up")).first?.contains("both") == true)
        #expect(errors(rule("record: 1x\nexpr: up")).first?.contains("not a metric's name") == true)
        #expect(errors(rule("record: x\nexpr: up\nfor: 5m")).first?.contains("belong to alerts") == true)
        #expect(errors(rule("alert: A\nexpr: up\nfor: soon")).first?.hasPrefix("rules.yaml:6:14:") == true)
        #expect(errors(rule("alert: A\nexpr: up\nlabels: {1x: y}")).first?.contains("cannot be the name") == true)
        #expect(errors(rule("alert: A\nexpr: up\nlabels: {__name__: y}")).first?.contains("cannot be the name") == true)
        #expect(
            errors("groups:\n  - name: a\n    rules: []\n  - name: a\n    rules: []\n").first?.contains("second group")
                == true)
        #expect(
            errors("groups:\n  - name: a\n    interval: 1ms\n    rules: []\n").first?.hasPrefix("rules.yaml:3:15:")
                == true)
    }

    @Test func aNumberWithANameIsAParameter() throws {
        let file = try RuleFile(
            rule(
                "alert: A\nexpr: |\n  up{x=\"#1\"} > 0.5 # parameter share ratio: of all\n  or up < -3e1 # parameter low °C: cold\n  # parameter\n"
            ),
            name: "f")
        let found = try #require(file.groups.first?.rules.first)
        #expect(found.parameters.map(\.name) == ["share", "low"])
        #expect(found.parameters.map(\.value) == [0.5, -30] && found.parameters.map(\.unit) == ["ratio", "°C"])
        let other = try RuleParameter.query(found.query, found.parameters, with: ["share": 0.25, "low": -7, "none": 1])
        #expect(other.text.hasPrefix("up{x=\"#1\"} > 0.25 # parameter share") && other.text.contains("up < -7.0 #"))
        #expect(
            errors(rule("alert: A\nexpr: |\n  up\n  # parameter share ratio: of all")).first?.contains(
                "no number before") == true)
        #expect(
            errors(rule("alert: A\nexpr: |\n  up > 1 # parameter a s: x\n  > 2 # parameter a s: x")).first?.contains(
                "twice") == true)
    }

    @Test func aTemplatesMistakeIsFoundWhenTheFileIsRead() {
        let found = errors(rule("alert: A\nexpr: up\nannotations:\n  summary: '{{ $vale }}'"))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("rules.yaml:7:20: summary: template, character") == true)
        #expect(errors(rule("alert: A\nexpr: up\nannotations: {a: '{{ printf \"%d\" $value }}'}")).count == 1)
    }

    @Test(arguments: [
        ("expr: up ==", "rules.yaml:5:"), ("expr: 'sum(up'", "rules.yaml:5:"),
        ("expr: |\n  up\n  == bool (\n  1 +", "rules.yaml:"),
    ]) func aQuerysMistakeIsFoundInsideTheFile(_ expression: String, _ place: String) {
        let found = errors(rule("alert: A\n" + expression))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix(place) == true && found.first?.contains("PromQL: ") == true, "\(found)")
    }

    @Test func aMistakeOnTheThirdLineOfABlockIsFoundThere() {
        let found = errors(rule("alert: A\nexpr: |\n  up\n  ==\n  sum by (x (up)"))
        #expect(found.first?.hasPrefix("rules.yaml:8:") == true, "\(found)")
    }

    @Test func allMistakesAreToldAtOnce() {
        #expect(errors(rule("alert: A\nexpr: up ==\nfor: soon\nlabls: {}")).count == 3)
    }

    @Test func aFileThatIsNotThereIsNamed() {
        do {
            _ = try RuleFile(file: "/nowhere/rules.yaml")
            Issue.record("read from nowhere")
        } catch {
            #expect(error.description.hasPrefix("/nowhere/rules.yaml: the rule file cannot be read: No such file"))
        }
    }
}
