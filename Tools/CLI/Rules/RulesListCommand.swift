import ArgumentParser
import JSON

struct RulesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Shows the alerts that the aggregator watches for, and what they are on single clusters.",
        discussion: """
            A line for each rule: severity, name, its parameters, and where it fires, pends, or is missing what it could
            judge. Below it what was set for single clusters, by whom and when. Exits with 1 if the rule files could not
            be used when they were last read: then the rules are those from before.
            """)

    @OptionGroup var aggregator: AggregatorOptions

    @Option(help: "Only this cluster.")
    var cluster: String?

    @Flag(help: "Only rules that are other than in their file on some cluster.")
    var overridden = false

    @Flag(help: "The aggregator's answer as it is.")
    var json = false

    func run() async throws {
        let answer = try await aggregator.ask { client in
            let query = try cluster.map { "?cluster=\(try URLText.cluster($0))" } ?? ""
            return try await client.ask("GET", "/api/v1/rules\(query)")
        }
        if json {
            Terminal.print("\(answer)")
        } else {
            RuleListText(answer, onlyOverridden: overridden).lines.forEach(Terminal.print)
        }
        let problems = answer["problems"]?.array ?? []
        problems.map(RuleListText.problem).forEach(Terminal.complain)
        if !problems.isEmpty { throw ExitCode(1) }
    }
}
