import FoundationEssentials
import Testing

@testable import taskmaster

/// The project's own plan is what its PRD says.
@Suite struct ProjectPlanTests {
    private static let docs = Scene.packageRoot + "/docs"

    @Test func thePlanIsWhatThePRDGivesStatusesAside() throws {
        let text = try String(contentsOfFile: Self.docs + "/PRD.md", encoding: .utf8)
        let fresh = try Scene.plan(of: text)
        let content = try PlanFiles(plan: Self.docs + "/tasks.json").read()
        #expect(fresh.summary.phases == 4)
        #expect(fresh.summary.tasks == 33)
        #expect(fresh.summary.subtasks == 192)
        #expect(fresh.summary.estimatedHours == 560)
        // A regeneration keeps only state: had anything else changed, it would not give the same plan.
        var regenerated = fresh
        var history = content.history
        let result = regenerated.keepState(of: content.plan, history: &history, at: .first)
        #expect(regenerated == content.plan)
        #expect(result.removed.isEmpty)
        #expect(history == content.history)
    }

    @Test func thePlanAgreesWithItselfAndWithItsHistory() throws {
        let content = try PlanFiles(plan: Self.docs + "/tasks.json").read()
        for task in content.plan.tasks {
            let following = TaskStatus.following(task.subtasks.map(\.status))
            #expect(following == nil || following == task.status, "\(task.id)")
            #expect((task.completedAt != nil) == (task.status == .completed), "\(task.id)")
        }
        var last: [String: TaskStatus] = [:]
        for entry in content.history.entries { last[entry.taskID] = entry.newStatus }
        for task in content.plan.tasks { #expect(last[task.id] ?? .pending == task.status, "\(task.id)") }
        for subtask in content.plan.subtasks {
            #expect(last[subtask.id] ?? .pending == subtask.status, "\(subtask.id)")
        }
    }

    @Test func theFilesAreWrittenAsTheProgramWritesThem() throws {
        let content = try PlanFiles(plan: Self.docs + "/tasks.json").read()
        let plan = try String(contentsOfFile: Self.docs + "/tasks.json", encoding: .utf8)
        let state = try String(contentsOfFile: Self.docs + "/tasks.state.json", encoding: .utf8)
        #expect(plan == content.plan.json.pretty)
        #expect(state == content.history.json.pretty)
    }
}
