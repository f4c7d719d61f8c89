import ArgumentParser
import Rules

struct RulesCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Reads rule files as the aggregator does, and tells all that is wrong.")

    @Argument(help: "Rule files in Prometheus's format.")
    var files: [String]

    func run() throws {
        var isWell = true
        for path in files {
            do {
                let groups = try RuleFile(file: path).groups
                let rules = groups.flatMap(\.rules)
                let alerts = rules.count { $0.kind == .alert }
                Terminal.print(
                    "\(path): well; groups: \(groups.count), alerts: \(alerts), recordings: \(rules.count - alerts)")
            } catch {
                Terminal.complain("\(error)")
                isWell = false
            }
        }
        if !isWell { throw ExitCode(1) }
    }
}
