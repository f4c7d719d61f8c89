internal import FoundationEssentials

/// A change of the plan as a line.
enum ChangeReport {
    /// `task-1.2: pending → in_progress: why`; ends with a newline.
    static func line(of entry: PlanHistory.Entry, withTime: Bool) -> String {
        var parts = ["\(withTime ? entry.timestamp.formatted(.iso8601) + " " : "")\(entry.taskID)"]
        if entry.oldStatus != entry.newStatus {
            parts.append("\(entry.oldStatus.rawValue) → \(entry.newStatus.rawValue)")
        }
        if let notes = entry.notes { parts.append(notes) }
        return parts.joined(separator: ": ") + "\n"
    }
}
