import ArgumentParser

/// `taskmaster init [PRD] [OUTPUT] [NAME] [VERSION]`
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Makes a plan of a PRD, or makes it anew and keeps its state.",
        discussion: """
            Headings below “Features” become tasks, their list items subtasks; each heading “Phase 1: NAME (TIMELINE)” \
            lists the features of a phase. A feature has a line “Priority: P0 · Estimate: 16 h”.

            An existing plan keeps its statuses, assignees and times: a task is known by its title, a renamed one by its \
            id. An output that is no plan is never overwritten.
            """)

    @Argument(help: "The product requirements document, in Markdown.")
    var prd = "PRD.md"

    @Argument(help: "The plan.")
    var output = "tasks.json"

    @Argument(help: "The project's name (default: the PRD's line “Project: …”, or its title).")
    var name: String?

    @Argument(help: "The project's version (default: the PRD's line “Version: …”).")
    var version: String?

    func run() throws {
        try TaskmasterCommand.run { () throws(TaskmasterError) in
            TaskmasterCommand.write(try initialise())
        }
    }

    /// Writes the plan; returns what to tell about it.
    private func initialise() throws(TaskmasterError) -> String {
        let document = try PRDParser.parse(try text(), file: prd)
        guard let version = version ?? document.version else {
            throw TaskmasterError(
                .malformed,
                "\(prd):1: no version: add a line `Version: 1.0` below the title, or give it as fourth argument")
        }
        var plan = Plan(document, project: name ?? document.project, version: version)
        let files = PlanFiles(plan: output)
        return try files.withLock { () throws(TaskmasterError) in
            let time = PlanFiles.now
            let before = try files.readIfPresent()
            var history = before.history ?? PlanHistory(lastUpdated: time)
            let regeneration = before.plan.map { plan.keepState(of: $0, history: &history, at: time) }
            if plan != before.plan { history.lastUpdated = time }
            try files.write(.init(plan: plan, history: history), over: before.plan, before.history)
            return InitReport.text(of: plan, file: output, regeneration)
        }
    }

    private func text() throws(TaskmasterError) -> String {
        guard let bytes = try PlanFiles.bytes(of: prd) else {
            throw TaskmasterError(.file, "\(prd): no such file: name the PRD, as in `taskmaster init docs/PRD.md`")
        }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
        throw TaskmasterError(.malformed, "\(prd):\(line + 1): not UTF-8: save the file in that encoding")
    }
}
