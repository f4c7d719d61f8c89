/// Every task by phase, one line each.
struct StatusReport {
    var style: ReportStyle

    /// Ends with a newline.
    func text(of plan: Plan) -> String {
        let ids = plan.tasks.map(\.id.count).max() ?? 0
        let titles = plan.tasks.map(\.title.count).max() ?? 0
        var text = style.bold("\(plan.project) \(plan.version)") + "\n"
        for phase in plan.phases {
            text += "\n" + heading(of: phase)
            for task in phase.tasks {
                text += line(of: task, idWidth: ids, titleWidth: titles)
            }
        }
        return text + "\n" + totals(of: plan)
    }

    private func heading(of phase: Plan.Phase) -> String {
        let completed = phase.tasks.count { $0.status == .completed }
        let name = style.bold("\(phase.id) \(phase.name)")
        let facts = style.dim("\(phase.timeline), \(completed) of \(phase.tasks.count) tasks completed")
        return "\(style.mark(phase.status)) \(name)  \(facts)\n"
    }

    private func line(of task: Plan.Item, idWidth: Int, titleWidth: Int) -> String {
        let completed = task.subtasks.count { $0.status == .completed }
        var words = [
            "  \(style.mark(task.status))", task.id.padded(to: idWidth), task.title.padded(to: titleWidth),
            task.priority.rawValue, "\(task.estimatedHours) h".aligned(to: 5),
            "\(completed)/\(task.subtasks.count)".aligned(to: 5),
        ]
        if let assignee = task.assignee { words.append(assignee) }
        if let reason = task.blockedReason { words.append(style.coloured("blocked: \(reason)", as: .blocked)) }
        return words.joined(separator: " ") + "\n"
    }

    private func totals(of plan: Plan) -> String {
        let summary = plan.summary
        let tasks = plan.tasks.count { $0.status == .completed }
        let subtasks = plan.subtasks.count { $0.status == .completed }
        return "\(tasks) of \(summary.tasks) tasks and \(subtasks) of \(summary.subtasks) subtasks completed; "
            + "\(summary.estimatedHours) h estimated\n"
    }
}
