import ArgumentParser

struct RulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "Checks and tests rule files.",
        subcommands: [RulesCheckCommand.self, RulesTestCommand.self])
}
