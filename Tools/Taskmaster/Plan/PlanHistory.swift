internal import FoundationEssentials

/// What has happened to a plan, oldest first: the content of `tasks.state.json`.
struct PlanHistory: Equatable, Sendable {
    /// When the plan was last changed, to the second.
    var lastUpdated: Date
    var entries: [Entry] = []

    /// One change.
    struct Entry: Equatable, Sendable {
        /// To the second.
        var timestamp: Date
        /// A task's or a subtask's id, as it is in the plan now.
        var taskID: String
        var oldStatus: TaskStatus
        /// Equal to `oldStatus` if something else changed; `notes` says what.
        var newStatus: TaskStatus
        var notes: String?
    }

    /// Adds `changes`, made at `time`.
    mutating func append(_ changes: [Entry], at time: Date) {
        entries += changes
        lastUpdated = time
    }
}
