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

/// `rules backtest`, against a server that answers as the aggregator does.
@Suite struct RulesBacktestCommandTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func run(_ arguments: [String]) async throws -> (ChildProcess.Exit, String) {
        let child = try await ChildProcess.start(
            ProgramUnderTest.path("etcd-monitor"), ["rules", "backtest"] + arguments, output: directory.file("output"))
        return (await child.waitForExit(), child.output)
    }

    @Test func asksTheAggregatorAndTellsFirings() async throws {
        let server = try StubHTTPServer { _ in
            .json(
                """
                {"rule": "Down", "start": 0, "end": 86400000, "stepSeconds": 15, "count": 1, "firingSeconds": 90,
                 "pendingOnly": 2, "notes": ["a note"], "firings": [{"labels": {"alertname": "Down", "instance": "m1"},
                 "annotations": {"summary": "m1 is down."}, "firedAt": 60000, "resolvedAt": 150000, "firingSeconds": 90,
                 "eventCount": 1, "events": [{"at": 30000, "sentence": "m1 was stopped"}]}]}
                """)
        }
        let token = try directory.write("secret\n", to: "token")
        let (exit, output) = try await run(
            [
                "Down", "--cluster", "prod", "--since", "30d", "--set", "limit=0.5", "--url", server.url,
                "--token-file", token,
            ])
        #expect(exit == .status(0))
        #expect(
            output == """
                Down from 1970-01-01 00:00:00 UTC to 1970-01-02 00:00:00 UTC, every 15s: would have fired once, 1m30s in all
                pending without firing: 2

                1970-01-01 00:01:00 UTC – 1970-01-01 00:02:30 UTC  1m30s  instance=m1
                  m1 is down.
                  1970-01-01 00:00:30 UTC  m1 was stopped
                note: a note

                """)
        let request = try #require(server.requests.first)
        #expect(request.method == "POST" && request.target == "/api/v1/rules/backtest")
        #expect(request[header: "Authorization"] == "Bearer secret")
        #expect(request.text.contains(#""cluster":"prod","rule":"Down","parameters":{"limit":0.5}"#))
    }

    @Test func tellsWhatKeptItFromAsking() async throws {
        let server = try StubHTTPServer { _ in .json(#"{"detail": "there is no rule Dwn"}"#, status: 404) }
        let token = try directory.write("secret\n", to: "token")
        let (exit, output) = try await run(["Dwn", "--url", server.url, "--token-file", token])
        #expect(exit == .status(2))
        #expect(output == "\(server.url) answers 404: there is no rule Dwn\n")
        #expect(try await run(["Down", "--token-file", token]).1.contains("ETCD_MONITOR_URL"))
        #expect(try await run(["Down", "--url", server.url]).1.contains("--token-file"))
        #expect(
            try await run(["Down", "--url", server.url, "--token-file", token, "--since", "x"]).1.contains("--since x"))
    }
}
