import ArgumentParser
import PromQL
import Rules

struct RulesTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Runs unit tests of rules, in promtool's format.")

    @Flag(help: "Ranges include their start, as in Prometheus 2.")
    var closedRanges = false

    @Argument(help: "Files of tests.")
    var files: [String]

    func run() async throws {
        let run = RuleTestRun(options: closedRanges ? .prometheus2 : EngineOptions())
        var failures = 0
        var isBroken = false
        for path in files {
            do {
                let report = try await run.run(file: path)
                for failure in report.failures { Terminal.complain("\(failure)") }
                failures += report.failures.count
                Terminal.print("\(path): \(report.checks) checks, \(report.failures.count) failed")
            } catch {
                Terminal.complain("\(error)")
                isBroken = true
            }
        }
        if isBroken { throw ExitCode(2) }
        if failures > 0 { throw ExitCode(1) }
    }
}
