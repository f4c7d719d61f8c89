import FoundationEssentials
import PromQL
import Testing

/// Scripts in Prometheus's own test language, run over our engine.
struct PrometheusScriptTests {
    /// Our own, beside the other fixtures.
    static let ours = runs(of: [root.appending(path: "Tests/Fixtures/promql")])

    /// Prometheus's: `PROMQL_TESTDATA` names folders, separated by colons; without it the folder beside the package is
    /// taken if there is one.
    static let theirs: [Run] = {
        if let named = ProcessInfo.processInfo.environment["PROMQL_TESTDATA"], !named.isEmpty {
            return runs(of: named.split(separator: ":").map { URL(filePath: String($0)) })
        }
        return runs(of: [root.deletingLastPathComponent().appending(path: "shared/promql")])
    }()

    /// A script under one meaning of names.
    struct Run: Sendable, CustomTestStringConvertible {
        var file: URL
        var delayedNameRemoval: Bool

        var testDescription: String {
            "\(file.lastPathComponent), \(delayedNameRemoval ? "delayed" : "immediate") name removal"
        }
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static func runs(of folders: [URL]) -> [Run] {
        let files = folders.flatMap { folder in
            // A folder that is not there has no files: that is why the error may go.
            ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
                .filter { $0.hasSuffix(".test") }.sorted().map { folder.appending(path: $0) }
        }
        return [true, false].flatMap { delayed in
            // That one is about delayed removal alone.
            files.filter { delayed || $0.lastPathComponent != "name_label_dropping.test" }
                .map { Run(file: $0, delayedNameRemoval: delayed) }
        }
    }

    @Test(arguments: ours)
    func answersAsOurScriptsSay(run: Run) async throws { try await check(run) }

    @Test(
        .enabled(if: !theirs.isEmpty, "Prometheus's scripts are not here: name their folder in PROMQL_TESTDATA"),
        arguments: theirs)
    func answersAsPrometheusScriptsSay(run: Run) async throws { try await check(run) }

    private func check(_ run: Run) async throws {
        var options = EngineOptions()
        options.experimentalFunctions = true
        options.delayedNameRemoval = run.delayedNameRemoval
        var runner = ScriptRunner(options: options)
        let report = try await runner.run(try PromQLScript(String(contentsOf: run.file, encoding: .utf8)))
        print("promql \(run.testDescription): \(report.line)")
        for failure in report.failures { Issue.record("\(run.file.lastPathComponent) \(failure)") }
    }
}
