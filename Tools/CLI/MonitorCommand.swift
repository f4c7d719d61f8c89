// etcd-monitor: the command line of those who operate it. A folder per noun, a file per verb; each turns arguments into
// one question to a room or to the aggregator's API, and the answer into lines. Leaves all meaning to the rooms.
import ArgumentParser
import ServiceRuntime

@main
struct MonitorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "etcd-monitor",
        abstract: "Works with etcd-monitor from the command line.",
        discussion: """
            EXIT STATUS
              0   well
              1   what was checked is not well
              2   a file or an answer could not be used
              64  wrong arguments
            """,
        version: BuildVersion.version,
        subcommands: [RulesCommand.self, WhyCommand.self])
}
