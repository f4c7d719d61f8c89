import ArgumentParser
import ConfigurationFile
import JSON
import Model

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Says who is to blame for what is slow in a cluster.",
        discussion: """
            The culprit, the evidence with its numbers, what speaks against it, and what to do. Exits with 1 if something
            is slow, so that scripts can ask.

              etcd-monitor why prod
              etcd-monitor why prod --ago 2h
            """)

    @OptionGroup var aggregator: AggregatorOptions

    @Argument(help: "The cluster.")
    var cluster: String

    @Option(help: "As of so long ago: 90s, 2h.")
    var ago: String?

    @Flag(help: "The aggregator's answer as it is.")
    var json = false

    func run() async throws {
        let answer = try await aggregator.ask { try await $0.ask("GET", try path) }
        if json {
            Terminal.print("\(answer)")
        } else {
            VerdictText(answer["verdict"] ?? .null).lines.forEach(Terminal.print)
        }
        if answer["verdict"] != .null { throw ExitCode(1) }
    }

    private var path: String {
        get throws {
            let path = "/api/v1/clusters/\(try URLText.cluster(cluster))/verdict"
            guard let ago else { return path }
            guard let duration = ScalarText.duration(ago) else {
                throw CommandFailure("--ago \(ago): write a time such as 90s, 2h or 7d")
            }
            return path + "?at=\((WallClock.system.now - duration).milliseconds)"
        }
    }
}

/// A verdict as lines for a terminal.
struct VerdictText {
    let lines: [String]

    /// - Parameter verdict: as the API says it; null if nothing is slow.
    init(_ verdict: JSONValue) {
        guard let sentence = verdict["sentence"]?.string else {
            lines = ["Nothing is slow."]
            return
        }
        let culprit = verdict["culprit"]?.string ?? "?"
        let confidence = verdict["confidence"]?.string ?? "?"
        var lines = [sentence]
        lines.append(culprit == "not-sure" ? "Not sure." : "Culprit: \(culprit), with \(confidence) confidence.")
        lines += Self.section("What is noticed", verdict["symptoms"]) { $0["text"]?.string ?? "" }
        lines += Self.section("What speaks for it", verdict["evidence"], Self.evidence)
        lines += Self.section("What speaks against it", verdict["against"], Self.evidence)
        lines += Self.section("What else it might be", verdict["alternatives"]) {
            "\($0["culprit"]?.string ?? "?") of \($0["member"]?.string ?? "?")"
        }
        if let advice = verdict["advice"]?.string { lines += ["", "What to do: \(advice)"] }
        self.lines = lines
    }

    private static func section(_ title: String, _ items: JSONValue?, _ line: (JSONValue) -> String) -> [String] {
        guard let items = items?.array, !items.isEmpty else { return [] }
        return ["", "\(title):"] + items.map { "  " + line($0) }
    }

    private static func evidence(_ item: JSONValue) -> String {
        let weight = item["weight"]?.int.map { String(repeating: "•", count: min(5, max(1, $0))) } ?? ""
        return weight.padded(to: 6) + (item["text"]?.string ?? "")
    }
}
