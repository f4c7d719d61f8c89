internal import FoundationEssentials

extension Plan {
    /// Sets the status of the task `id`. `completed` completes its open subtasks too; every other status leaves them.
    ///
    /// - Parameter note: kept in the history, and with `blocked` also as the reason.
    /// - Returns: the changes: the task's own first, then its subtasks'; none if all is so already and there is no note.
    mutating func update(
        _ id: String, to status: TaskStatus, note: String?, at time: Date
    ) throws(TaskmasterError) -> [PlanHistory.Entry] {
        let place = try place(of: id)
        let isNews = status != self[place].status || note != nil
        var changes = isNews ? [set(place, to: status, note: note, at: time)] : []
        guard status == .completed else { return changes }
        for index in self[place].subtasks.indices where self[place].subtasks[index].status != .completed {
            changes.append(
                set(subtask: index, at: place, to: .completed, note: "completed with \(id)", time: time))
        }
        return changes
    }

    /// Sets the status of a subtask; its task follows where that is unambiguous. A task that was blocked by hand stays so
    /// until all of its subtasks are completed.
    ///
    /// - Parameter subtask: `task-1.2.3`, or `3`.
    /// - Returns: the changes: the subtask's first, then the task's, if it followed; none if it is so already.
    mutating func updateSubtask(
        _ subtask: String, of id: String, to status: TaskStatus, at time: Date
    ) throws(TaskmasterError) -> [PlanHistory.Entry] {
        let place = try place(of: id)
        let index = try subtaskIndex(subtask, at: place)
        let before = self[place].subtasks.map(\.status)
        guard before[index] != status else { return [] }
        let change = set(subtask: index, at: place, to: status, note: nil, time: time)
        return [change] + follow(at: place, before: before, time: time)
    }

    /// Gives the task `id` to `name`; an empty name takes it from whoever has it.
    mutating func assign(_ id: String, to name: String, at time: Date) throws(TaskmasterError) -> [PlanHistory.Entry] {
        let place = try place(of: id)
        self[place].assignee = name.isEmpty ? nil : name
        let status = self[place].status
        let note = name.isEmpty ? "assigned to nobody" : "assigned to \(name)"
        return [.init(timestamp: time, taskID: id, oldStatus: status, newStatus: status, notes: note)]
    }

    /// Brings the task at `place` in line with its subtasks where they leave no doubt.
    ///
    /// - Parameter before: its subtasks as they were; a task that is blocked though none of them was, was blocked by hand.
    mutating func follow(at place: Place, before: [TaskStatus], time: Date) -> [PlanHistory.Entry] {
        let task = self[place]
        guard let status = TaskStatus.following(task.subtasks.map(\.status)), status != task.status else { return [] }
        let isBlockedByHand = task.status == .blocked && !before.contains(.blocked)
        if isBlockedByHand, status != .completed { return [] }
        return [set(place, to: status, note: "follows its subtasks", at: time)]
    }

    private mutating func set(
        _ place: Place, to status: TaskStatus, note: String?, at time: Date
    ) -> PlanHistory.Entry {
        let old = self[place].status
        self[place].status = status
        switch status {
        case .pending: self[place].startedAt = nil
        case .inProgress, .completed: self[place].startedAt = self[place].startedAt ?? time
        case .blocked: break
        }
        self[place].completedAt = status == .completed ? (old == .completed ? self[place].completedAt : time) : nil
        self[place].blockedReason = status == .blocked ? note : nil
        return .init(timestamp: time, taskID: self[place].id, oldStatus: old, newStatus: status, notes: note)
    }

    private mutating func set(
        subtask index: Int, at place: Place, to status: TaskStatus, note: String?, time: Date
    ) -> PlanHistory.Entry {
        let subtask = self[place].subtasks[index]
        self[place].subtasks[index].status = status
        return .init(
            timestamp: time, taskID: subtask.id, oldStatus: subtask.status, newStatus: status, notes: note)
    }
}
