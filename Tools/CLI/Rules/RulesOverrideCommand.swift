import ArgumentParser
import JSON

struct RulesOverrideCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "override", abstract: "Switches a rule off on one cluster, or gives it other numbers there.",
        discussion: """
            RULE is its id, or its name if no other has it. What is given takes the place of what was set before; it is
            kept with who and when, and audited. The role operator on the cluster is needed.

              etcd-monitor rules override EtcdFsyncSlow --cluster prod --set slow_share=0.2 --reason "old disks until May"
              etcd-monitor rules override EtcdEvenMembers --cluster prod --disable
              etcd-monitor rules override EtcdEvenMembers --cluster prod --remove
            """)

    @OptionGroup var aggregator: AggregatorOptions

    @Argument(help: "The rule.")
    var rule: String

    @Option(help: "The cluster.")
    var cluster: String

    @OptionGroup var parameters: ParameterOptions

    @Flag(help: "The rule raises no alerts of the cluster.")
    var disable = false

    @Flag(help: "The rule is on the cluster as its file has it.")
    var remove = false

    @Option(help: "Why, for those who find it later.")
    var reason: String?

    func validate() throws {
        let ways = [!parameters.parameters.isEmpty, disable, remove].count { $0 }
        guard ways == 1 else { throw ValidationError("Give one of --set, --disable and --remove.") }
        guard !remove || reason == nil else { throw ValidationError("--remove takes no --reason.") }
    }

    func run() async throws {
        let line = try await aggregator.ask { client in
            let path = "/api/v1/clusters/\(try URLText.cluster(cluster))/rule-overrides"
            if remove {
                _ = try await client.ask("DELETE", path + "?rule=\(URLText.escaped(rule))")
                return "\(rule) on \(cluster): as in its file"
            }
            return try await set(path, client)
        }
        Terminal.print(line)
    }

    /// Sets it, and tells what stands there now.
    private func set(_ path: String, _ client: AggregatorClient) async throws -> String {
        var members: [(String, JSONValue)] = [("rule", .string(rule)), ("enabled", .bool(!disable))]
        if let values = try parameters.values() { members.append(("parameters", values)) }
        if let reason { members.append(("reason", .string(reason))) }
        _ = try await client.ask("PUT", path, .object(members))
        let answer = try await client.ask("GET", "/api/v1/rules?cluster=\(cluster)")
        let rules = (answer["groups"]?.array ?? []).flatMap { $0["rules"]?.array ?? [] }
        let own = rules.first { $0["id"]?.string == rule } ?? rules.first { $0["name"]?.string == rule }
        let override = own?["overrides"]?.array?.first { $0["cluster"]?.string == cluster }
        // Another may have removed it meanwhile.
        return "\(rule) \(override.map(RuleListText.override) ?? "on \(cluster): as in its file")"
    }
}
