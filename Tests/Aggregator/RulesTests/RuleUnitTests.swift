import ConfigurationFile
import PromQL
import TestSupport
import Testing

@testable import Rules

/// Unit tests of rules, held against Debian's promtool.
@Suite struct RuleUnitTests {
    private static let folder = RuleFileTests.fixtures + "/tests/"

    /// promtool's exit status for the tests in `path`.
    private func promtool(_ path: String) async throws -> ChildProcess.Exit {
        let directory = try TemporaryDirectory()
        let promtool = try await ChildProcess.start(
            try #require(RuleFileTests.promtool), ["test", "rules", path], output: directory.file("output"))
        return await promtool.waitForExit()
    }

    @Test(arguments: [EngineOptions(), .prometheus2]) func whatIsMetPasses(_ options: EngineOptions) async throws {
        let report = try await RuleTestRun(options: options).run(file: Self.folder + "members.test.yaml")
        #expect(report.failures.map(\.description) == [])
        #expect(report.checks == 8)
    }

    @Test func whatIsNotMetIsToldWithItsPlace() async throws {
        let report = try await RuleTestRun().run(file: Self.folder + "failing.test.yaml")
        #expect(report.failures.map(\.line) == [8, 9, 13, 19])
        let first = try #require(report.failures.first)
        #expect(
            first.message.hasPrefix("MemberDown at 5m\n  expected: no alert\n  got:      {alertname=\"MemberDown\""))
    }

    @Test(
        .enabled(if: RuleFileTests.promtool != nil, "promtool is not installed"),
        arguments: [("members", Int32(0)), ("failing", 1)])
    func promtoolJudgesTheSame(_ name: String, _ status: Int32) async throws {
        let path = Self.folder + name + ".test.yaml"
        #expect(try await promtool(path) == .status(status))
        let failures = try await RuleTestRun().run(file: path).failures
        #expect(failures.isEmpty == (status == 0))
    }

    static let builtIn = ["etcd", "cluster", "versions", "performance", "capacity", "host"].map {
        "builtin-\($0).test.yaml"
    }

    @Test(arguments: builtIn) func builtInRulesDoAsTheirTestsSay(_ name: String) async throws {
        let report = try await RuleTestRun().run(file: Self.folder + name)
        #expect(report.failures.map(\.description) == [])
        #expect(report.checks > 10)
    }

    @Test(.enabled(if: RuleFileTests.promtool != nil, "promtool is not installed"), arguments: builtIn)
    func promtoolAgreesOnTheBuiltInRules(_ name: String) async throws {
        #expect(try await promtool(Self.folder + name) == .status(0))
    }

    private func errors(_ text: String) async throws -> [String] {
        let directory = try TemporaryDirectory()
        let path = try directory.write(text, to: "t.yaml")
        do {
            _ = try await RuleTestRun().run(file: path)
            return []
        } catch {
            return error.errors.map { $0.description.replacing(path, with: "t.yaml") }
        }
    }

    @Test(arguments: [
        ("rule_files: [none.yaml]", "the rule file cannot be read"),
        ("rule_files: ['none*.yaml']", "t.yaml:1:14: no file matches"),
        ("tests: [{input_series: [{series: up, values: '1 {{schema:0}}'}]}]", "native histograms are not supported"),
        ("tests: [{input_series: [{series: up, values: '0+1x99999999'}]}]", "bad value"),
        ("tests: [{input_series: [{series: 'up{', values: '1'}]}]", "t.yaml:1:34: bad labels"),
        ("tests: [{alert_rule_test: [{alertname: A}]}]", "\"eval_time\" is missing"),
        ("tests: [{alert_rule_test: [{eval_time: 1m}]}]", "\"alertname\" is missing"),
        ("tests: [{promql_expr_test: [{expr: 'up ==', eval_time: 1m}]}]", "PromQL:"),
        ("tests: [{promql_expr_test: [{expr: up, eval_time: 1m, exp_samples: [{histogram: '{{}}'}]}]}]", "native"),
        ("group_eval_order: [a, a]", "the group \"a\" twice"),
        ("fuzzy_compare: true", "unknown key \"fuzzy_compare\""),
    ]) func mistakesAreToldWithTheirPlace(_ text: String, _ part: String) async throws {
        let found = try await errors(text)
        #expect(found.count == 1 && found.first?.contains(part) == true, "\(found)")
    }

    @Test func aTestThatWouldNotEndIsRefused() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(
            "evaluation_interval: 1ms\ntests:\n  - alert_rule_test: [{eval_time: 1d, alertname: A}]\n", to: "t.yaml")
        let report = try await RuleTestRun().run(file: path)
        #expect(report.failures.first?.message.contains("use a longer evaluation_interval") == true)
    }
}
