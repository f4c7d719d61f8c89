public import ConfigurationFile
internal import AsyncSupport
internal import Logging
internal import Model
internal import Synchronization

extension RuleService {
    /// What was wrong with the rule files when they were last read; empty if all is well. The rules are those from before.
    public var problems: [ConfigurationError] { state.withLock { $0.problems } }

    /// Reads the rule files again. Groups that are as they were go on; alerts of rules that are gone are resolved.
    ///
    /// - Returns: how many groups and rules there are now.
    /// - Throws: all that is wrong in the files; then the rules stay as they are.
    @discardableResult
    public func reload() throws(ConfigurationErrors) -> (groups: Int, rules: Int) {
        let groups: [RuleGroup]
        do throws(ConfigurationErrors) {
            groups = try read()
        } catch {
            state.withLock { $0.problems = error.errors }
            logger.error(
                "rule files cannot be used; the rules stay as they are",
                metadata: [
                    "problems": "\(error.errors.count)",
                    "first": "\(error.errors.first.map(String.init(describing:)) ?? "")",
                ])
            throw error
        }
        let before = Dictionary(runners.map { ($0.group.id, $0) }) { first, _ in first }
        let inputs = RuleInputs(groups)
        let runners = groups.map { group in
            if let same = before[group.id], same.group == group { return same }
            return makeRunner(group)
        }
        state.withLock { state in
            state.runners = runners
            state.inputs = inputs
            state.problems = []
            state.coverage = nil
        }
        let counts = (groups: groups.count, rules: groups.reduce(0) { $0 + $1.rules.count })
        logger.notice("rule files were read", metadata: ["groups": "\(counts.groups)", "rules": "\(counts.rules)"])
        replaced.send()
        return counts
    }
}
