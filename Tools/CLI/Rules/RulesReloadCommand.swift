import ArgumentParser
import JSON

struct RulesReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Lets the aggregator read its rule files again.",
        discussion: """
            If anything is wrong in any file, all of it is told with file, line and column, and the rules stay as they
            are. The role admin is needed. Of several aggregators each reads its own files: reload each.
            """)

    @OptionGroup var aggregator: AggregatorOptions

    func run() async throws {
        let answer = try await aggregator.ask { try await $0.ask("POST", "/api/v1/rules/reload") }
        Terminal.print("groups: \(answer["groups"]?.int ?? 0), rules: \(answer["rules"]?.int ?? 0)")
    }
}
