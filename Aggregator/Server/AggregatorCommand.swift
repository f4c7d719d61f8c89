// The aggregator's program: commands, configuration, and the assembly of all rooms. Leaves everything else to them.
import ArgumentParser
import ServiceRuntime

@main
struct AggregatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "etcd-monitor-aggregator",
        abstract: "Stores, alerts on and shows what etcd-monitor agents measure.",
        version: BuildVersion.version,
        subcommands: [
            ServeCommand.self, CheckConfigCommand.self, TokenCommand.self, JoinCommand.self, CACommand.self,
            UserCommand.self, StorageCommand.self, BackupCommand.self, RestoreCommand.self, VersionCommand.self,
        ])
}

/// Where the configuration is; the same for all commands.
struct ConfigurationOption: ParsableArguments {
    @Option(name: .long, help: "The configuration file.")
    var config = AggregatorConfiguration.defaultPath

    /// The configuration, or exit status 78 (EX_CONFIG) with every problem on a line of its own.
    func load() throws -> AggregatorConfiguration {
        do {
            return try AggregatorConfiguration(file: config)
        } catch {
            StandardError.print("\(error)")
            throw ExitCode(78)
        }
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Prints the version.")

    func run() {
        print(BuildVersion.product("etcd-monitor-aggregator"))
    }
}
