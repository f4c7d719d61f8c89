import Rules
import ArgumentParser

struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", abstract: "Checks the configuration and its rule files, and changes nothing.")

    @OptionGroup var options: ConfigurationOption

    func run() throws {
        let configuration = try options.load()
        do {
            let groups = try configuration.ruleGroups()
            print(
                "\(options.config): well; \(groups.count) rule groups with \(groups.map(\.rules.count).reduce(0, +)) rules"
            )
        } catch {
            StandardError.print("\(error)")
            throw ExitCode(78)
        }
    }
}
