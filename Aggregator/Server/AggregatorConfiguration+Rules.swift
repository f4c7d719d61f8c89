import ConfigurationFile
import Rules

extension AggregatorConfiguration {
    /// Where the authority and the server's certificate are.
    var tlsDirectory: String { "\(stateDirectory)/tls" }

    /// The groups of the built-in files and of the user's own, in this order.
    ///
    /// - Throws: all that is wrong in any of the files.
    func ruleGroups() throws(ConfigurationErrors) -> [RuleGroup] {
        var groups: [RuleGroup] = []
        if rules.builtIn { groups += try RuleFile.builtIn().flatMap(\.groups) }
        var errors: [ConfigurationError] = []
        for path in rules.files.flatMap(FilePattern.paths) {
            do throws(ConfigurationErrors) { groups += try RuleFile(file: path).groups } catch {
                errors += error.errors
            }
        }
        errors += Self.repeated(groups)
        guard errors.isEmpty else { throw ConfigurationErrors(errors) }
        return groups
    }

    /// Alerts are known by file, group and name: two files of one name must not have the same group.
    private static func repeated(_ groups: [RuleGroup]) -> [ConfigurationError] {
        var seen: Set<String> = []
        return groups.filter { !seen.insert($0.id).inserted }.map { group in
            ConfigurationError(
                file: group.file, line: 0, column: 0,
                problem: "a second group \"\(group.name)\" of a file of this name",
                remedy: "rename the file or the group; built-in are \(RuleFile.builtInNames.joined(separator: ", "))")
        }
    }
}
