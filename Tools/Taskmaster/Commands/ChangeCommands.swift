import ArgumentParser
internal import FoundationEssentials

/// `taskmaster update ID STATUS ["NOTE"]`
struct UpdateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Sets the status of a task.",
        discussion: """
            “completed” completes the open subtasks too; every other status leaves them as they are. A note is kept in \
            the history, and with “blocked” also as the reason.
            """)

    @OptionGroup var option: PlanOption

    @Argument(help: ArgumentHelp("The task, as task-1.2.", valueName: "id"))
    var id: String

    @Argument(help: "What it is now.")
    var status: TaskStatus

    @Argument(help: "Why, for the history.")
    var note: String?

    func run() throws {
        try option.files.report { (plan, time) throws(TaskmasterError) in
            try plan.update(id, to: status, note: note, at: time)
        }
    }
}

/// `taskmaster update-subtask TASK SUBTASK STATUS`
struct UpdateSubtaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update-subtask", abstract: "Sets the status of a subtask.",
        discussion: """
            The task follows its subtasks where that is unambiguous: all alike, or some completed or under way and none \
            blocked. A task that was blocked by hand stays so until all of its subtasks are completed.
            """)

    @OptionGroup var option: PlanOption

    @Argument(help: "The task, as task-1.2.")
    var task: String

    @Argument(help: "The subtask, as task-1.2.3, or 3.")
    var subtask: String

    @Argument(help: "What it is now.")
    var status: TaskStatus

    func run() throws {
        try option.files.report { (plan, time) throws(TaskmasterError) in
            try plan.updateSubtask(subtask, of: task, to: status, at: time)
        }
    }
}

/// `taskmaster assign ID "NAME"`
struct AssignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assign", abstract: "Gives a task to someone; an empty name takes it back.")

    @OptionGroup var option: PlanOption

    @Argument(help: ArgumentHelp("The task, as task-1.2.", valueName: "id"))
    var id: String

    @Argument(help: "Who does it.")
    var name: String

    func run() throws {
        try option.files.report { (plan, time) throws(TaskmasterError) in
            try plan.assign(id, to: name, at: time)
        }
    }
}

extension PlanFiles {
    /// Changes the plan by `body`, keeps the changes in the history, and prints them.
    fileprivate func report(
        _ body: (inout Plan, Date) throws(TaskmasterError) -> [PlanHistory.Entry]
    ) throws {
        try TaskmasterCommand.run { () throws(TaskmasterError) in
            let changes = try change { (content) throws(TaskmasterError) in
                let time = Self.now
                let changes = try body(&content.plan, time)
                if !changes.isEmpty { content.history.append(changes, at: time) }
                return changes
            }
            let lines = changes.map { ChangeReport.line(of: $0, withTime: false) }
            TaskmasterCommand.write(lines.isEmpty ? "nothing to change\n" : lines.joined())
        }
    }
}
