extension Plan {
    /// Where a task stands.
    struct Place: Equatable {
        var phase: Int
        var task: Int
    }

    /// The task at `place`.
    subscript(place: Place) -> Item {
        get { phases[place.phase].tasks[place.task] }
        set { phases[place.phase].tasks[place.task] = newValue }
    }

    /// Where the task `id` stands.
    ///
    /// - Throws: `.unknown`, naming the nearest id there is.
    func place(of id: String) throws(TaskmasterError) -> Place {
        for (phase, content) in phases.enumerated() {
            if let task = content.tasks.firstIndex(where: { $0.id == id }) { return Place(phase: phase, task: task) }
        }
        throw Self.unknown("task", id, among: tasks.map(\.id), in: "the plan")
    }

    /// Which subtask of the task at `place` is `id`: its whole id, `task-1.2.3`, or its number in the task, `3`.
    ///
    /// - Throws: `.unknown`, naming the nearest id there is.
    func subtaskIndex(_ id: String, at place: Place) throws(TaskmasterError) -> Int {
        let task = self[place]
        let whole = Int(id) == nil ? id : "\(task.id).\(id)"
        if let index = task.subtasks.firstIndex(where: { $0.id == whole }) { return index }
        throw Self.unknown("subtask", whole, among: task.subtasks.map(\.id), in: task.id)
    }

    private static func unknown(
        _ kind: String, _ id: String, among ids: [String], in whole: String
    ) -> TaskmasterError {
        let nearest = nearestName(to: id, among: ids)
        return TaskmasterError(
            .unknown, "no \(kind) \(id) in \(whole)" + (nearest.map { "; did you mean \($0)?" } ?? ""))
    }
}

/// The one of `names` that takes the fewest letters inserted, deleted or replaced to become `name`; of equals the first.
/// nil only if there are no names.
func nearestName(to name: String, among names: [String]) -> String? {
    func distance(_ left: [Character], _ right: [Character]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var next = [i + 1]
            for (j, b) in right.enumerated() {
                next.append(min(row[j + 1] + 1, next[j] + 1, row[j] + (a == b ? 0 : 1)))
            }
            row = next
        }
        return row[right.count]
    }
    // An id or a heading is short; more than that only costs time.
    let name = Array(name.lowercased().prefix(100))
    return names.map { ($0, distance(name, Array($0.lowercased().prefix(100)))) }.min { $0.1 < $1.1 }?.0
}
