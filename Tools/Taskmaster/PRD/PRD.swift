/// What a product requirements document says, as far as a plan needs it.
struct PRD: Equatable, Sendable {
    /// The line `Project: NAME`, or else the title.
    var project: String
    /// The line `Version: 1.0`, if there is one.
    var version: String?
    /// In the order of their numbers, from 1.
    var phases: [Phase]

    struct Phase: Equatable, Sendable {
        var name: String
        /// `weeks 1–6`
        var timeline: String
        /// Those that the phase names, in its order.
        var features: [Feature]
    }

    struct Feature: Equatable, Sendable {
        var title: String
        /// The prose before the requirements, as one paragraph.
        var description: String
        var priority: Plan.Priority
        var estimatedHours: Int
        /// At least one.
        var requirements: [String]
    }
}

extension Plan {
    /// The plan of `prd`, everything pending: a task for each feature, a subtask for each requirement.
    init(_ prd: PRD, project: String, version: String) {
        let phases = prd.phases.enumerated().map { index, phase in
            Phase(
                id: "phase-\(index + 1)", name: phase.name, timeline: phase.timeline,
                tasks: phase.features.enumerated().map { Item($1, id: "task-\(index + 1).\($0 + 1)") })
        }
        self.init(project: project, version: version, phases: phases)
    }
}

extension Plan.Item {
    fileprivate init(_ feature: PRD.Feature, id: String) {
        self.init(
            id: id, title: feature.title, description: feature.description, priority: feature.priority,
            estimatedHours: feature.estimatedHours,
            subtasks: feature.requirements.enumerated().map { Plan.Subtask(id: "\(id).\($0 + 1)", title: $1) })
    }
}
