/// How far a phase, task or subtask is.
enum TaskStatus: String, CaseIterable, Sendable {
    case pending
    case inProgress = "in_progress"
    case completed
    case blocked

    /// What the status of the parts says about the whole; nil where it may be one thing or the other.
    ///
    /// All parts alike: that. Something under way, or some parts completed and others not, and nothing blocked:
    /// `in_progress`. A blocked part among others says nothing: whether the rest can go on is for people to judge.
    static func following(_ parts: some Collection<TaskStatus>) -> TaskStatus? {
        let kinds = Set(parts)
        if kinds.count <= 1 { return kinds.first }
        return kinds.contains(.blocked) ? nil : .inProgress
    }
}
