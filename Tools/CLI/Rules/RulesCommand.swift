import ArgumentParser

struct RulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "Checks, tests and backtests rules.",
        subcommands: [RulesCheckCommand.self, RulesTestCommand.self, RulesBacktestCommand.self])
}
