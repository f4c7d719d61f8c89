import TestSupport
import Testing

@testable import etcd_monitor

/// The program itself, as it is called.
@Suite struct RulesCommandTests {
    /// The program beside the tests.
    private static let program = ProgramUnderTest.path("etcd-monitor")
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Exit status and everything it said.
    private func run(_ arguments: String...) async throws -> (ChildProcess.Exit, String) {
        let output = directory.file("output-\(arguments.hashValue)")
        let child = try await ChildProcess.start(Self.program, arguments, output: output)
        let exit = await child.waitForExit()
        return (exit, child.output)
    }

    @Test func checkTellsAllThatIsWrongWithItsPlace() async throws {
        let good = try directory.write("groups:\n  - name: g\n    rules: [{alert: A, expr: up}]\n", to: "good.yaml")
        let bad = try directory.write(
            "groups:\n  - name: g\n    rules: [{alert: A, expr: 'up =='}, {expr: up}]\n", to: "bad.yaml")
        #expect(
            try await run("rules", "check", good) == (
                .status(0), "\(good): well; groups: 1, alerts: 1, recordings: 0\n"
            ))
        let (exit, output) = try await run("rules", "check", bad, good)
        #expect(exit == .status(1))
        #expect(output.contains("\(bad):3:") && output.contains("PromQL:") && output.contains("without \"alert\" or"))
    }

    @Test func testTellsByItsExitStatusHowItWent() async throws {
        _ = try directory.write("groups:\n  - name: g\n    rules: [{alert: A, expr: up == 0}]\n", to: "rules.yaml")
        func test(_ alerts: String, _ file: String) throws -> String {
            try directory.write(
                """
                rule_files: [rules.yaml]
                tests:
                  - input_series: [{series: up, values: 0x5}]
                    alert_rule_test: [{eval_time: 1m, alertname: A, exp_alerts: \(alerts)}]
                """, to: file)
        }
        let (good, bad) = (try test("[{exp_labels: {}}]", "good.yaml"), try test("[]", "bad.yaml"))
        #expect(try await run("rules", "test", good).0 == .status(0))
        let (exit, output) = try await run("rules", "test", good, bad)
        #expect(exit == .status(1))
        #expect(output.contains("\(bad):4:23: A at 1m") && output.contains("1 checks, 1 failed"))
        #expect(try await run("rules", "test", directory.file("none.yaml")).0 == .status(2))
        #expect(try await run("rules", "tast").0 == .status(64))
    }
}
