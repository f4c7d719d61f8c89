import Access
import ArgumentParser
import ConfigurationFile
import Fleet
import Logging
import Model

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Tokens for agents and for further aggregators.",
        subcommands: [CreateCommand.self, CreateJoinCommand.self])

    struct CreateCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Makes a one-time token with which one agent may enrol, and prints it.",
            discussion: "Asks the database of the aggregator, which has to run if it has a PostgreSQL of its own.")

        @OptionGroup var options: ConfigurationOption

        @Option(help: "The cluster that the agent's member belongs to; made if it is new.")
        var cluster: String

        @Option(help: "The node whose agent is replaced: its key ceases to count.")
        var replaces: String?

        @Option(help: "How long the token is good, up to 30d.")
        var ttl = "24h"

        func run() async throws {
            let configuration = try options.load()
            guard let lifetime = ScalarText.duration(ttl), lifetime >= .seconds(60), lifetime <= .seconds(30 * 86_400)
            else { throw ValidationError("--ttl must be from 1m to 30d, such as 24h") }
            try await OfflineRooms.with(configuration) { rooms in
                let token = try await rooms.fleet.makeEnrolmentToken(
                    cluster: cluster, replacesNode: replaces, lifetime: lifetime, by: Principal.local.name)
                try await rooms.audit.append(
                    AuditEvent(
                        actor: Principal.local.name, action: Permission.enrolAgent.rawValue, object: replaces ?? "",
                        cluster: cluster, reason: "enrolment token for \(ttl)"))
                print(token.secret)
            }
        }
    }

    struct CreateJoinCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create-join",
            abstract: "Makes a one-time token with which one further aggregator may join, and prints it.",
            discussion: """
                Run it where an aggregator of the installation runs, as its user. The certificate authority is sealed \
                under the token and left in the database until 'etcd-monitor-aggregator join' takes it out.
                """)

        @OptionGroup var options: ConfigurationOption

        @Option(help: "How long the token is good, up to 24h.")
        var ttl = "1h"

        func run() async throws {
            let configuration = try options.load()
            guard let lifetime = ScalarText.duration(ttl), lifetime >= .seconds(60), lifetime <= .seconds(86_400)
            else { throw ValidationError("--ttl must be from 1m to 24h, such as 1h") }
            guard configuration.database != nil else {
                StandardError.print(
                    "a further aggregator needs a database that both reach: set 'database' to a PostgreSQL of yours")
                throw ExitCode.failure
            }
            try await OfflineRooms.with(configuration) { rooms in
                let keys = try KeySet(directory: configuration.tlsDirectory)
                let token = try await JoinTokens(pool: rooms.pool).make(
                    sealing: keys, lifetime: lifetime, at: WallClock.system.now)
                try await rooms.audit.append(
                    AuditEvent(
                        actor: Principal.local.name, action: "create-join-token", reason: "join token for \(ttl)"))
                print(token)
            }
        }
    }
}
