import ConfigurationFile
import FoundationEssentials
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

    @Test func theBuiltInRulesLoad() throws {
        let file = try RuleFile.builtIn()
        #expect(file.groups.map(\.name) == ["etcd-monitor"])
        #expect(
            file.groups.flatMap(\.rules).filter { $0.kind == .alert }.map(\.name) == [
                "EtcdLeaderChanged", "EtcdNoLeader", "EtcdMemberUnreadable", "EtcdMemberDown", "EtcdQuorumAtRisk",
                "EtcdQuorumLost", "EtcdAlarmRaised", "EtcdAgentSilent", "EtcdClusterUnseen",
            ])
        for rule in file.groups.flatMap(\.rules) where rule.kind == .alert {
            let annotations = Set(rule.annotations.map(\.name))
            #expect(annotations == ["summary", "action"], "\(rule.name) says what is wrong and what to do")
            #expect(rule.labels.map(\.name) == ["severity"])
        }
    }

    static let promtool: String? = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    @Test(.enabled(if: promtool != nil, "promtool is not installed"))
    func promtoolAcceptsTheBuiltInRules() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(RuleFile.builtInText, to: "etcd.yaml")
        let promtool = try await ChildProcess.start(
            try #require(Self.promtool), ["check", "rules", path], output: directory.file("output"))
        let exit = await promtool.waitForExit()
        #expect(exit == .status(0), "\(promtool.output)")
        #expect(promtool.output.contains("SUCCESS: 15 rules found"))
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
