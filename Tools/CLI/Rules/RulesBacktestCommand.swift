import ArgumentParser
import ConfigurationFile
import JSON
import Model
import Rules

struct RulesBacktestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backtest", abstract: "Tells when a rule would have fired over stored history.",
        discussion: """
            RULE is one that the aggregator has loaded: its id, or its name if no other has it. With --file it is an alert
            of that file, whose recordings are computed anew.

              etcd-monitor rules backtest EtcdFsyncSlow --cluster prod --since 30d --set slow_share=0.02
              etcd-monitor rules backtest MyAlert --file my-rules.yaml --cluster prod --since 7d
            """)

    @OptionGroup var aggregator: AggregatorOptions

    @Argument(help: "The rule.")
    var rule: String

    @Option(help: "A rule file to take the rule from.")
    var file: String?

    @Option(help: "Only this cluster.")
    var cluster: String?

    @Option(help: "How far back: 30d, 12h.")
    var since = "7d"

    @Option(help: "Until how long ago; without it until now.")
    var until: String?

    @Option(help: "Between two evaluations; without it the group's interval, or longer over a long time.")
    var step: String?

    @OptionGroup var parameters: ParameterOptions

    @Flag(help: "The aggregator's answer as it is.")
    var json = false

    func run() async throws {
        let answer = try await aggregator.ask {
            try await $0.ask(
                "POST", "/api/v1/rules/backtest", try question(at: WallClock.system.now), deadline: .seconds(90))
        }
        if json { Terminal.print("\(answer)") } else { BacktestText(answer).lines.forEach(Terminal.print) }
    }

    private func question(at now: Timestamp) throws -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("start", .number("\((now - (try duration(since, "--since"))).milliseconds)"))
        ]
        let end = try until.map { now - (try duration($0, "--until")) } ?? now
        members.append(("end", .number("\(end.milliseconds)")))
        if let cluster { members.append(("cluster", .string(cluster))) }
        if let file {
            members += [("file", .string(try TextFile.text(of: file))), ("alert", .string(rule))]
        } else {
            members.append(("rule", .string(rule)))
        }
        if let step {
            members.append(("stepSeconds", .number("\(Double(try duration(step, "--step").milliseconds) / 1000)")))
        }
        if let values = try parameters.values() { members.append(("parameters", values)) }
        return .object(members)
    }

    private func duration(_ text: String, _ option: String) throws -> Duration {
        guard let duration = ScalarText.duration(text), duration > .zero else {
            throw CommandFailure("\(option) \(text): write a time such as 30d, 12h or 15s")
        }
        return duration
    }
}

/// The answer for people: a sentence, then a block per firing.
private struct BacktestText {
    let answer: JSONValue

    init(_ answer: JSONValue) { self.answer = answer }

    var lines: [String] {
        let firings = answer["firings"]?.array ?? []
        let count = answer["count"]?.int ?? firings.count
        var lines = [
            "\(answer["rule"]?.string ?? "") from \(time("start")) to \(time("end")), every \(span("stepSeconds", of: answer)):"
                + (count == 0
                    ? " would not have fired"
                    : " would have fired \(count == 1 ? "once" : "\(count) times"), \(span("firingSeconds", of: answer)) in all")
        ]
        if let pending = answer["pendingOnly"]?.int, pending > 0 {
            lines.append("pending without firing: \(pending)")
        }
        for firing in firings { lines += text(of: firing) }
        if firings.count < count { lines.append("… and \(count - firings.count) more") }
        lines += (answer["notes"]?.array ?? []).compactMap(\.string).map { "note: \($0)" }
        return lines
    }

    private func text(of firing: JSONValue) -> [String] {
        let end = firing["resolvedAt"]?.int64.map { instant($0) } ?? "(still firing)"
        let labels = (firing["labels"]?.object ?? []).filter { !["alertname", "severity", "group"].contains($0.0) }
            .map { "\($0.0)=\($0.1.string ?? "")" }.joined(separator: " ")
        var lines = [
            "", "\(instant(firing["firedAt"]?.int64 ?? 0)) – \(end)  \(span("firingSeconds", of: firing))  \(labels)",
        ]
        if let summary = firing["annotations"]?["summary"]?.string { lines.append("  \(summary)") }
        let events = firing["events"]?.array ?? []
        for event in events {
            lines.append("  \(instant(event["at"]?.int64 ?? 0))  \(event["sentence"]?.string ?? "")")
        }
        if let count = firing["eventCount"]?.int, count > events.count {
            lines.append("  … and \(count - events.count) more events")
        }
        return lines
    }

    private func time(_ name: String) -> String { instant(answer[name]?.int64 ?? 0) }

    private func instant(_ milliseconds: Int64) -> String { CalendarTime(Timestamp(milliseconds: milliseconds)).text }

    private func span(_ name: String, of value: JSONValue) -> String {
        ScalarText.text(.milliseconds(Int64((value[name]?.double ?? 0) * 1000)))
    }
}
