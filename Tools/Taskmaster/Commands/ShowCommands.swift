import ArgumentParser

/// `taskmaster status`
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows every task by phase.",
        discussion: "With icons and colour on a terminal (not if NO_COLOR is set), plain in a pipe.")

    @OptionGroup var option: PlanOption

    func run() throws {
        try TaskmasterCommand.run { () throws(TaskmasterError) in
            let plan = try option.files.read().plan
            TaskmasterCommand.write(StatusReport(style: .ofStandardOutput).text(of: plan))
        }
    }
}

/// `taskmaster progress`
struct ProgressCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "progress", abstract: "Prints totals and percentages as JSON.")

    @OptionGroup var option: PlanOption

    func run() throws {
        try TaskmasterCommand.run { () throws(TaskmasterError) in
            TaskmasterCommand.write(ProgressReport.text(of: try option.files.read().plan))
        }
    }
}

/// `taskmaster details ID`
struct DetailsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "details", abstract: "Shows one task with its subtasks.")

    @OptionGroup var option: PlanOption

    @Argument(help: ArgumentHelp("The task, as task-1.2.", valueName: "id"))
    var id: String

    func run() throws {
        try TaskmasterCommand.run { () throws(TaskmasterError) in
            let plan = try option.files.read().plan
            let place = try plan.place(of: id)
            let text = DetailsReport(style: .ofStandardOutput).text(of: plan[place], in: plan.phases[place.phase])
            TaskmasterCommand.write(text)
        }
    }
}

/// `taskmaster history [N]`
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Shows the last changes, the newest first.")

    @OptionGroup var option: PlanOption

    @Argument(help: ArgumentHelp("How many.", valueName: "n"))
    var count = 10

    func validate() throws {
        if count < 1 { throw ValidationError("N is at least 1.") }
    }

    func run() throws {
        try TaskmasterCommand.run { () throws(TaskmasterError) in
            let entries = try option.files.read().history.entries.suffix(count).reversed()
            let lines = entries.map { ChangeReport.line(of: $0, withTime: true) }
            TaskmasterCommand.write(lines.isEmpty ? "no changes yet\n" : lines.joined())
        }
    }
}
