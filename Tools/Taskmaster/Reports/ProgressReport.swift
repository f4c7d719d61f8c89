internal import JSON

/// Totals and percentages as JSON.
enum ProgressReport {
    /// Indented; ends with a newline.
    static func text(of plan: Plan) -> String { json(of: plan).pretty }

    /// Percentages are of completed among all, with one decimal, rounded down: 100 means all.
    static func json(of plan: Plan) -> JSONValue {
        let summary = plan.summary
        let completed = plan.tasks.filter { $0.status == .completed }
        let hours = completed.reduce(0) { $0 + $1.estimatedHours }
        let subtasks = plan.subtasks.count { $0.status == .completed }
        return .object([
            ("project", .string(plan.project)),
            ("version", .string(plan.version)),
            (
                "totals",
                .object([
                    ("phases", JSONValue(summary.phases)), ("tasks", JSONValue(summary.tasks)),
                    ("subtasks", JSONValue(summary.subtasks)), ("estimatedHours", JSONValue(summary.estimatedHours)),
                ])
            ),
            (
                "completed",
                .object([
                    ("tasks", JSONValue(completed.count)), ("subtasks", JSONValue(subtasks)),
                    ("estimatedHours", JSONValue(hours)),
                ])
            ),
            (
                "percent",
                .object([
                    ("tasks", percent(completed.count, of: summary.tasks)),
                    ("subtasks", percent(subtasks, of: summary.subtasks)),
                    ("estimatedHours", percent(hours, of: summary.estimatedHours)),
                ])
            ),
            ("tasksByStatus", count(plan.tasks.map(\.status))),
            ("subtasksByStatus", count(plan.subtasks.map(\.status))),
            ("phases", .array(plan.phases.map(json(of:)))),
        ])
    }

    private static func json(of phase: Plan.Phase) -> JSONValue {
        let subtasks = phase.tasks.flatMap(\.subtasks)
        let completed = phase.tasks.count { $0.status == .completed }
        return .object([
            ("id", .string(phase.id)), ("status", .string(phase.status.rawValue)),
            ("tasks", JSONValue(phase.tasks.count)), ("completedTasks", JSONValue(completed)),
            ("subtasks", JSONValue(subtasks.count)),
            ("completedSubtasks", JSONValue(subtasks.count { $0.status == .completed })),
        ])
    }

    private static func count(_ statuses: [TaskStatus]) -> JSONValue {
        .object(TaskStatus.allCases.map { status in (status.rawValue, JSONValue(statuses.count { $0 == status })) })
    }

    private static func percent(_ part: Int, of whole: Int) -> JSONValue {
        let tenths = whole == 0 ? 0 : part * 1000 / whole
        return .number(tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)")
    }
}
