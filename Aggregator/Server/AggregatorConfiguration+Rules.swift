import ConfigurationFile
import Rules

extension AggregatorConfiguration {
    /// Where the authority and the server's certificate are.
    var tlsDirectory: String { "\(stateDirectory)/tls" }

    /// The groups of the built-in file and of the user's own, in this order.
    func ruleGroups() throws(ConfigurationErrors) -> [RuleGroup] {
        var groups: [RuleGroup] = []
        if rules.builtIn { groups += try RuleFile.builtIn().flatMap(\.groups) }
        for path in rules.files { groups += try RuleFile(file: path).groups }
        return groups
    }
}
