internal import FoundationEssentials

/// What is to be done, in phases, and how far it is: the content of `tasks.json`.
struct Plan: Equatable, Sendable {
    var project: String
    var version: String
    var phases: [Phase]

    /// A stretch of time with its tasks.
    struct Phase: Equatable, Sendable {
        /// `phase-1`
        var id: String
        var name: String
        /// As the PRD says it: `weeks 1–6`.
        var timeline: String
        var tasks: [Item]

        /// Follows the tasks: with a blocked one among others, `blocked` only if nothing else is open.
        var status: TaskStatus {
            let statuses = tasks.map(\.status)
            if let status = TaskStatus.following(statuses) { return status }
            let open = Set(statuses.filter { $0 != .completed })
            if open == [.blocked] { return .blocked }
            return Set(statuses).isDisjoint(with: [.inProgress, .completed]) ? .pending : .inProgress
        }
    }

    /// A feature of the PRD as work: a task.
    struct Item: Equatable, Sendable {
        /// `task-1.2`: the second task of phase 1.
        var id: String
        var title: String
        var description: String
        var priority: Priority
        var estimatedHours: Int
        var status = TaskStatus.pending
        var assignee: String?
        var subtasks: [Subtask]
        /// When it first left `pending`, to the second.
        var startedAt: Date?
        /// When it became `completed`, to the second.
        var completedAt: Date?
        /// The note that came with `blocked`.
        var blockedReason: String?
    }

    /// A requirement of a feature.
    struct Subtask: Equatable, Sendable {
        /// `task-1.2.3`: the third requirement of `task-1.2`.
        var id: String
        var title: String
        var status = TaskStatus.pending
    }

    /// From must (P0) to may (P2).
    enum Priority: String, CaseIterable, Sendable {
        case p0 = "P0"
        case p1 = "P1"
        case p2 = "P2"
    }

    /// All tasks, in order.
    var tasks: [Item] { phases.flatMap(\.tasks) }
    /// All subtasks, in order.
    var subtasks: [Subtask] { tasks.flatMap(\.subtasks) }

    /// What the plan amounts to, counted.
    var summary: Summary {
        var priorities: [Priority: Int] = [:]
        for task in tasks { priorities[task.priority, default: 0] += 1 }
        return Summary(
            phases: phases.count, tasks: tasks.count, subtasks: subtasks.count,
            estimatedHours: tasks.reduce(0) { $0 + $1.estimatedHours }, priorities: priorities)
    }

    /// Totals of a plan.
    struct Summary: Equatable, Sendable {
        var phases: Int
        var tasks: Int
        var subtasks: Int
        var estimatedHours: Int
        /// Tasks by priority; a priority without tasks is missing.
        var priorities: [Priority: Int]
    }
}
