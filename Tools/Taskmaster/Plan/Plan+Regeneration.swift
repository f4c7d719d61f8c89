internal import FoundationEssentials

/// What a regenerated plan took from the one before.
struct Regeneration: Equatable {
    /// Tasks whose state was kept, under their new ids.
    var kept: [String] = []
    /// Tasks of the old plan that the PRD has no longer, as they were.
    var removed: [Plan.Item] = []
}

extension Plan {
    /// Takes the state of `old`: statuses, assignees, times, reasons. A task is the same if its title is; one whose title
    /// is new but whose id held a title that is gone was renamed. The same holds for the subtasks of a task. The entries
    /// of `history` follow to the new ids; those of what was removed say so.
    ///
    /// - Parameter time: of the changes that follow, when a task has got or lost subtasks.
    mutating func keepState(of old: Plan, history: inout PlanHistory, at time: Date) -> Regeneration {
        var newIDs: [String: String] = [:]
        var result = Regeneration()
        let oldTasks = old.tasks
        let source = pairs(tasks.map { ($0.id, $0.title) }, with: oldTasks.map { ($0.id, $0.title) })
        var follows: [PlanHistory.Entry] = []
        for task in tasks {
            // A task of this plan has a place in it.
            guard let from = source[task.id], let old = oldTasks.first(where: { $0.id == from }),
                let place = try? place(of: task.id)
            else { continue }
            result.kept.append(task.id)
            newIDs[from] = task.id
            newIDs.merge(keepState(of: old, at: place)) { $1 }
            let before = old.subtasks.map(\.status)
            let after = self[place].subtasks.map(\.status)
            // What a person decided stays, unless the PRD has changed what there is to do.
            if before.count != after.count || Set(before) != Set(after) {
                follows += follow(at: place, before: before, time: time)
            }
        }
        result.removed = oldTasks.filter { newIDs[$0.id] == nil }
        history.rename(old: old, newIDs: newIDs)
        if !follows.isEmpty { history.append(follows, at: time) }
        return result
    }

    /// Takes the state of one task; returns the new ids of its subtasks by the old ones.
    private mutating func keepState(of old: Item, at place: Place) -> [String: String] {
        self[place].status = old.status
        self[place].assignee = old.assignee
        self[place].startedAt = old.startedAt
        self[place].completedAt = old.completedAt
        self[place].blockedReason = old.blockedReason
        let numbered: ([Subtask]) -> [(String, String)] = { $0.enumerated().map { (String($0), $1.title) } }
        var newIDs: [String: String] = [:]
        for (new, from) in pairs(numbered(self[place].subtasks), with: numbered(old.subtasks)) {
            guard let new = Int(new), let from = Int(from) else { continue }
            self[place].subtasks[new].status = old.subtasks[from].status
            newIDs[old.subtasks[from].id] = self[place].subtasks[new].id
        }
        return newIDs
    }
}

/// Which of `old` each of `new` was: by title, else by id if both titles are without a partner. By the new id.
private func pairs(_ new: [(id: String, title: String)], with old: [(id: String, title: String)]) -> [String: String] {
    var result: [String: String] = [:]
    var rest = old
    for entry in new {
        guard let at = rest.firstIndex(where: { $0.title == entry.title }) else { continue }
        result[entry.id] = rest.remove(at: at).id
    }
    for entry in new where result[entry.id] == nil && rest.contains(where: { $0.id == entry.id }) {
        result[entry.id] = entry.id
    }
    return result
}

extension PlanHistory {
    private static let removedMark = "no longer in the plan: "

    /// Lets the entries follow their tasks and subtasks from the ids of `old` to `newIDs`.
    fileprivate mutating func rename(old: Plan, newIDs: [String: String]) {
        var titles: [String: String] = [:]
        for task in old.tasks { titles[task.id] = task.title }
        for subtask in old.subtasks { titles[subtask.id] = subtask.title }
        for index in entries.indices {
            let entry = entries[index]
            // What was removed earlier keeps its id, which may be another's by now.
            if entry.notes?.hasPrefix(Self.removedMark) ?? false { continue }
            if let id = newIDs[entry.taskID] {
                entries[index].taskID = id
            } else if let title = titles[entry.taskID] {
                entries[index].notes = Self.removedMark + title + (entry.notes.map { "; \($0)" } ?? "")
            }
        }
    }
}
