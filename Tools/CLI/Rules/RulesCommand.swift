import ArgumentParser

struct RulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "Shows, checks, tests, backtests and changes rules.",
        subcommands: [
            RulesListCommand.self, RulesCheckCommand.self, RulesTestCommand.self, RulesBacktestCommand.self,
            RulesOverrideCommand.self, RulesReloadCommand.self,
        ])
}
