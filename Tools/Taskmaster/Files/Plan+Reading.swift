extension Plan {
    /// The plan that `bytes` hold. What is counted (statuses of phases, the summary) is counted anew.
    ///
    /// - Throws: `.malformed` with file, line, what is wrong and what helps.
    init(reading bytes: [UInt8], file: String) throws(TaskmasterError) {
        let root = try JSONNode(bytes, file: file)
        project = try root.string("project")
        version = try root.string("version")
        phases = []
        var ids = Set<String>()
        for phase in try root.array("phases") { phases.append(try Phase(phase, &ids)) }
    }
}

extension Plan.Phase {
    fileprivate init(_ node: JSONNode, _ ids: inout Set<String>) throws(TaskmasterError) {
        id = try node.id(&ids)
        name = try node.string("name")
        timeline = try node.string("timeline")
        tasks = []
        for task in try node.array("tasks") { tasks.append(try Plan.Item(task, &ids)) }
    }
}

extension Plan.Item {
    fileprivate init(_ node: JSONNode, _ ids: inout Set<String>) throws(TaskmasterError) {
        id = try node.id(&ids)
        title = try node.string("title")
        description = try node.string("description")
        priority = try node.choice("priority", of: Plan.Priority.self)
        estimatedHours = try node.count("estimatedHours")
        status = try node.choice("status", of: TaskStatus.self)
        assignee = try node.optionalString("assignee")
        subtasks = []
        for subtask in try node.array("subtasks") {
            subtasks.append(
                Plan.Subtask(
                    id: try subtask.id(&ids), title: try subtask.string("title"),
                    status: try subtask.choice("status", of: TaskStatus.self)))
        }
        startedAt = try node.optionalDate("startedAt")
        completedAt = try node.optionalDate("completedAt")
        blockedReason = try node.optionalString("blockedReason")
    }
}

extension JSONNode {
    /// The id, which no other part of the plan has.
    fileprivate func id(_ ids: inout Set<String>) throws(TaskmasterError) -> String {
        let id = try string("id")
        guard ids.insert(id).inserted else { throw try member("id").error("“\(id)” stands twice: rename one") }
        return id
    }
}

extension PlanHistory {
    /// The history that `bytes` hold.
    ///
    /// - Throws: `.malformed` with file, line, what is wrong and what helps.
    init(reading bytes: [UInt8], file: String) throws(TaskmasterError) {
        let root = try JSONNode(bytes, file: file)
        lastUpdated = try root.date("lastUpdated")
        for entry in try root.array("history") {
            entries.append(
                Entry(
                    timestamp: try entry.date("timestamp"), taskID: try entry.string("taskId"),
                    oldStatus: try entry.choice("oldStatus", of: TaskStatus.self),
                    newStatus: try entry.choice("newStatus", of: TaskStatus.self),
                    notes: try entry.optionalString("notes")))
        }
    }
}
