import FoundationEssentials
import PromQL
import Testing

/// Prometheus's own test scripts, run over our engine.
struct PrometheusScriptTests {
    /// `PROMQL_TESTDATA` names folders, separated by colons; without it the folder beside the package is taken if there
    /// is one. Our own scripts are always run.
    static let files: [URL] = {
        var folders = [fixtures]
        if let named = ProcessInfo.processInfo.environment["PROMQL_TESTDATA"], !named.isEmpty {
            folders += named.split(separator: ":").map { URL(filePath: String($0)) }
        } else {
            folders.append(root.deletingLastPathComponent().appending(path: "shared/promql"))
        }
        return folders.flatMap { folder in
            // A folder that is not there has no files: that is why the error may go.
            ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
                .filter { $0.hasSuffix(".test") }.sorted().map { folder.appending(path: $0) }
        }
    }()

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let fixtures = root.appending(path: "Tests/Fixtures/promql")

    @Test(arguments: files)
    func answersAsPrometheusWithDelayedNameRemoval(file: URL) async throws {
        try await run(file, delayedNameRemoval: true)
    }

    @Test(arguments: files.filter { $0.lastPathComponent != "name_label_dropping.test" })
    func answersAsPrometheusWithImmediateNameRemoval(file: URL) async throws {
        try await run(file, delayedNameRemoval: false)
    }

    private func run(_ file: URL, delayedNameRemoval: Bool) async throws {
        var options = EngineOptions()
        options.experimentalFunctions = true
        options.delayedNameRemoval = delayedNameRemoval
        var runner = ScriptRunner(options: options)
        let report = try await runner.run(try PromQLScript(String(contentsOf: file, encoding: .utf8)))
        print("promql \(file.lastPathComponent), delayed name removal \(delayedNameRemoval): \(report.line)")
        for failure in report.failures { Issue.record("\(file.lastPathComponent) \(failure)") }
    }
}
