/// What `init` tells.
enum InitReport {
    /// The plan's totals, and what was kept of the plan before; ends with a newline.
    static func text(of plan: Plan, file: String, _ regeneration: Regeneration?) -> String {
        let summary = plan.summary
        var text = "\(file): \(summary.phases) phases, \(summary.tasks) tasks, \(summary.subtasks) subtasks, "
        text += "\(summary.estimatedHours) h\n"
        guard let regeneration else { return text }
        text += "kept the state of \(regeneration.kept.count) tasks\n"
        for task in regeneration.removed {
            text += "no longer in the PRD: \(task.id) \(task.title) (\(task.status.rawValue))\n"
        }
        return text
    }
}
