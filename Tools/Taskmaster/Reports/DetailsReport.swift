internal import FoundationEssentials

/// One task with all that is known of it.
struct DetailsReport {
    var style: ReportStyle

    /// Ends with a newline.
    func text(of task: Plan.Item, in phase: Plan.Phase) -> String {
        var facts = [
            ("phase", "\(phase.name) (\(phase.timeline))"),
            ("status", style.coloured(task.status.rawValue, as: task.status)),
            ("priority", task.priority.rawValue),
            ("estimate", "\(task.estimatedHours) h"),
            ("assignee", task.assignee ?? "nobody"),
        ]
        if let reason = task.blockedReason { facts.append(("blocked", reason)) }
        if let started = task.startedAt { facts.append(("started", started.formatted(.iso8601))) }
        if let completed = task.completedAt { facts.append(("completed", completed.formatted(.iso8601))) }

        var text = style.bold("\(task.id) \(task.title)") + "\n"
        for (name, value) in facts { text += "  \(style.dim(name.padded(to: 9))) \(value)\n" }
        if !task.description.isEmpty {
            text += "\n" + task.description.wrapped(to: 96).map { "  \($0)\n" }.joined()
        }
        text += "\n"
        for subtask in task.subtasks { text += "  \(style.mark(subtask.status)) \(subtask.id) \(subtask.title)\n" }
        return text
    }
}
