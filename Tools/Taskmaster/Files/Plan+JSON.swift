internal import FoundationEssentials
internal import JSON

extension Plan {
    /// What `tasks.json` holds: keys in a fixed order, statuses of phases and the summary counted anew.
    var json: JSONValue {
        .object([
            ("project", .string(project)),
            ("version", .string(version)),
            ("phases", .array(phases.map(\.json))),
            ("summary", summary.json),
        ])
    }
}

extension Plan.Phase {
    fileprivate var json: JSONValue {
        .object([
            ("id", .string(id)),
            ("name", .string(name)),
            ("timeline", .string(timeline)),
            ("status", .string(status.rawValue)),
            ("tasks", .array(tasks.map(\.json))),
        ])
    }
}

extension Plan.Item {
    fileprivate var json: JSONValue {
        .object([
            ("id", .string(id)),
            ("title", .string(title)),
            ("description", .string(description)),
            ("priority", .string(priority.rawValue)),
            ("estimatedHours", JSONValue(estimatedHours)),
            ("status", .string(status.rawValue)),
            ("assignee", JSONValue(assignee)),
            (
                "subtasks",
                .array(
                    subtasks.map {
                        .object([
                            ("id", .string($0.id)), ("title", .string($0.title)),
                            ("status", .string($0.status.rawValue)),
                        ])
                    })
            ),
            ("startedAt", JSONValue(startedAt?.formatted(.iso8601))),
            ("completedAt", JSONValue(completedAt?.formatted(.iso8601))),
            ("blockedReason", JSONValue(blockedReason)),
        ])
    }
}

extension Plan.Summary {
    fileprivate var json: JSONValue {
        .object([
            ("totalPhases", JSONValue(phases)),
            ("totalTasks", JSONValue(tasks)),
            ("totalSubtasks", JSONValue(subtasks)),
            ("estimatedTotalHours", JSONValue(estimatedHours)),
            (
                "priorities",
                .object(Plan.Priority.allCases.map { ($0.rawValue, JSONValue(priorities[$0] ?? 0)) })
            ),
        ])
    }
}

extension PlanHistory {
    /// What `tasks.state.json` holds, keys in a fixed order.
    var json: JSONValue {
        .object([
            ("lastUpdated", .string(lastUpdated.formatted(.iso8601))),
            (
                "history",
                .array(
                    entries.map {
                        .object([
                            ("timestamp", .string($0.timestamp.formatted(.iso8601))),
                            ("taskId", .string($0.taskID)),
                            ("oldStatus", .string($0.oldStatus.rawValue)),
                            ("newStatus", .string($0.newStatus.rawValue)),
                            ("notes", JSONValue($0.notes)),
                        ])
                    })
            ),
        ])
    }
}
