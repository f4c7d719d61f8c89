import FoundationEssentials
import Testing

@testable import taskmaster

@Suite struct RegenerationTests {
    private var plan: Plan
    private var history = PlanHistory(lastUpdated: .first)

    /// Whistle is under way, the first of Keep warm's two requirements is completed.
    init() throws {
        plan = try Scene.plan()
        history.append(try plan.update("task-2.2", to: .inProgress, note: "begun", at: .first), at: .first)
        history.append(try plan.updateSubtask("1", of: "task-2.1", to: .completed, at: .first), at: .first)
        history.append(try plan.assign("task-2.1", to: "Ada", at: .first), at: .first)
    }

    private func regenerate(_ text: String) throws -> (plan: Plan, history: PlanHistory, result: Regeneration) {
        var new = try Scene.plan(of: text)
        var history = history
        let result = new.keepState(of: plan, history: &history, at: .second)
        return (new, history, result)
    }

    @Test func theSamePRDChangesNothing() throws {
        let new = try regenerate(Scene.prd)
        #expect(new.plan == plan)
        #expect(new.history == history)
        #expect(new.result == .init(kept: ["task-1.1", "task-2.1", "task-2.2"]))
    }

    @Test func stateAndHistoryFollowATaskToItsNewId() throws {
        let new = try regenerate(Scene.prd.swapping("- Keep warm: for tea\n- Whistle", "- Whistle\n- Keep warm"))
        #expect(new.plan.tasks.map(\.title) == ["Boil water", "Whistle", "Keep warm"])
        #expect(new.plan.tasks.map(\.status) == [.pending, .inProgress, .inProgress])
        #expect(new.plan.tasks[1].startedAt == .first)
        #expect(new.plan.tasks[2].assignee == "Ada")
        #expect(new.plan.tasks[2].subtasks.map(\.status) == [.completed, .pending])
        #expect(new.history.entries.map(\.taskID) == ["task-2.1", "task-2.2.1", "task-2.2", "task-2.2"])
    }

    @Test func aRenamedTaskKeepsItsState() throws {
        let new = try regenerate(Scene.prd.swapping("Whistle", "Sing"))
        #expect(new.plan.tasks[2].title == "Sing")
        #expect(new.plan.tasks[2].status == .inProgress)
        #expect(new.result.removed.isEmpty)
    }

    @Test func aFurtherRequirementReopensACompletedTask() throws {
        var old = self
        old.history.append(try old.plan.update("task-2.1", to: .completed, note: nil, at: .first), at: .first)
        let new = try old.regenerate(Scene.prd.swapping("2. Cost", "2. Be quiet\n3. Cost"))
        #expect(new.plan.tasks[1].subtasks.map(\.status) == [.completed, .pending, .completed])
        #expect(new.plan.tasks[1].status == .inProgress)
        #expect(new.history.entries.last?.taskID == "task-2.1")
        #expect(new.history.entries.last?.timestamp == .second)
    }

    @Test func whatIsRemovedIsToldAndItsHistoryNeverAnothers() throws {
        let without = Scene.prd.swapping("- Keep warm: for tea\n", "").swapping(
            "### Keep warm\n\nPriority: P1 · Estimate: 10 h\n\n1. Hold 80 °C for an hour\n2. Cost less than a lamp\n",
            "")
        var new = try regenerate(without)
        #expect(new.result.removed.map(\.title) == ["Keep warm"])
        #expect(new.plan.tasks.map(\.id) == ["task-1.1", "task-2.1"])
        #expect(new.plan.tasks[1].status == .inProgress)
        let notes = [
            "begun", "no longer in the plan: Hold 80 °C for an hour",
            "no longer in the plan: Keep warm; follows its subtasks",
            "no longer in the plan: Keep warm; assigned to Ada",
        ]
        #expect(new.history.entries.map(\.notes) == notes)
        // Regenerated once more, the old entries of task-2.1 are still not those of the new task-2.1.
        var again = try Scene.plan(of: without)
        _ = again.keepState(of: new.plan, history: &new.history, at: .third)
        #expect(new.history.entries.map(\.notes) == notes)
    }
}

extension String {
    /// With every `old` replaced by `new`.
    fileprivate func swapping(_ old: String, _ new: String) -> String {
        #expect(contains(old))
        return replacing(old, with: new)
    }
}
