import FoundationEssentials
import Testing

@testable import taskmaster

@Suite struct PlanChangeTests {
    @Test(
        arguments: [
            ([.pending, .pending], TaskStatus.pending),
            ([.completed, .completed], .completed),
            ([.blocked, .blocked], .blocked),
            ([.inProgress, .inProgress], .inProgress),
            ([.pending, .inProgress], .inProgress),
            ([.pending, .completed], .inProgress),
            ([.inProgress, .completed], .inProgress),
            ([.pending, .blocked], nil),
            ([.completed, .blocked], nil),
            ([.inProgress, .completed, .blocked], nil),
            ([], nil),
        ] as [([TaskStatus], TaskStatus?)])
    func theWholeFollowsItsPartsWhereTheyLeaveNoDoubt(_ parts: [TaskStatus], _ whole: TaskStatus?) {
        #expect(TaskStatus.following(parts) == whole)
    }

    @Test func aTaskFollowsItsSubtasksWithItsTimes() throws {
        var plan = try Scene.plan()
        let begun = try plan.updateSubtask("task-2.1.1", of: "task-2.1", to: .completed, at: .first)
        #expect(begun.map(\.taskID) == ["task-2.1.1", "task-2.1"])
        #expect(plan.tasks[1].status == .inProgress)
        #expect(plan.tasks[1].startedAt == .first)
        #expect(plan.tasks[1].completedAt == nil)
        let done = try plan.updateSubtask("2", of: "task-2.1", to: .completed, at: .second)
        #expect(
            done == [
                .init(timestamp: .second, taskID: "task-2.1.2", oldStatus: .pending, newStatus: .completed),
                .init(
                    timestamp: .second, taskID: "task-2.1", oldStatus: .inProgress, newStatus: .completed,
                    notes: "follows its subtasks"),
            ])
        #expect(plan.tasks[1].startedAt == .first)
        #expect(plan.tasks[1].completedAt == .second)
        _ = try plan.updateSubtask("2", of: "task-2.1", to: .pending, at: .third)
        #expect(plan.tasks[1].status == .inProgress)
        #expect(plan.tasks[1].completedAt == nil)
    }

    @Test func whatIsSoAlreadyIsNoChange() throws {
        var plan = try Scene.plan()
        #expect(try plan.update("task-1.1", to: .pending, note: nil, at: .first) == [])
        #expect(try plan.updateSubtask("1", of: "task-1.1", to: .pending, at: .first) == [])
        #expect(try plan == Scene.plan())
    }

    @Test func aCompletedTaskCompletesItsOpenSubtasks() throws {
        var plan = try Scene.plan()
        _ = try plan.updateSubtask("1", of: "task-1.1", to: .completed, at: .first)
        let changes = try plan.update("task-1.1", to: .completed, note: "shipped", at: .second)
        #expect(changes.map(\.taskID) == ["task-1.1", "task-1.1.2", "task-1.1.3"])
        #expect(changes.map(\.notes) == ["shipped", "completed with task-1.1", "completed with task-1.1"])
        #expect(plan.tasks[0].subtasks.allSatisfy { $0.status == .completed })
        #expect(plan.tasks[0].completedAt == .second)
    }

    @Test func aTaskBlockedByHandWaitsForAPersonOrForTheEnd() throws {
        var plan = try Scene.plan()
        _ = try plan.update("task-1.1", to: .blocked, note: "no water", at: .first)
        #expect(plan.tasks[0].blockedReason == "no water")
        #expect(plan.tasks[0].startedAt == nil)
        for subtask in ["1", "2"] { _ = try plan.updateSubtask(subtask, of: "task-1.1", to: .completed, at: .second) }
        #expect(plan.tasks[0].status == .blocked)
        _ = try plan.updateSubtask("3", of: "task-1.1", to: .completed, at: .third)
        #expect(plan.tasks[0].status == .completed)
        #expect(plan.tasks[0].blockedReason == nil)
    }

    @Test func aTaskBlockedByItsSubtasksGoesOnWithThem() throws {
        var plan = try Scene.plan()
        for subtask in ["1", "2"] { _ = try plan.updateSubtask(subtask, of: "task-2.1", to: .blocked, at: .first) }
        #expect(plan.tasks[1].status == .blocked)
        for subtask in ["1", "2"] { _ = try plan.updateSubtask(subtask, of: "task-2.1", to: .inProgress, at: .second) }
        #expect(plan.tasks[1].status == .inProgress)
        #expect(plan.tasks[1].blockedReason == nil)
    }

    @Test func aPhaseFollowsItsTasks() throws {
        var plan = try Scene.plan()
        #expect(plan.phases.map(\.status) == [.pending, .pending])
        _ = try plan.update("task-1.1", to: .completed, note: nil, at: .first)
        _ = try plan.update("task-2.2", to: .blocked, note: nil, at: .first)
        #expect(plan.phases.map(\.status) == [.completed, .pending])
        _ = try plan.update("task-2.1", to: .inProgress, note: nil, at: .first)
        #expect(plan.phases[1].status == .inProgress)
        _ = try plan.update("task-2.1", to: .completed, note: nil, at: .first)
        #expect(plan.phases[1].status == .blocked)
    }

    @Test func anAssignmentIsAChangeWithoutAStatus() throws {
        var plan = try Scene.plan()
        let changes = try plan.assign("task-1.1", to: "Ada", at: .first)
        #expect(
            changes == [
                .init(
                    timestamp: .first, taskID: "task-1.1", oldStatus: .pending, newStatus: .pending,
                    notes: "assigned to Ada")
            ])
        #expect(plan.tasks[0].assignee == "Ada")
        _ = try plan.assign("task-1.1", to: "", at: .second)
        #expect(plan.tasks[0].assignee == nil)
    }

    @Test func anUnknownIdSuggestsTheNearest() throws {
        var plan = try Scene.plan()
        let task = try message { _ = try plan.update("task-21", to: .completed, note: nil, at: .first) }
        #expect(task == "no task task-21 in the plan; did you mean task-2.1?")
        let subtask = try message { _ = try plan.updateSubtask("9", of: "task-2.1", to: .completed, at: .first) }
        #expect(subtask == "no subtask task-2.1.9 in task-2.1; did you mean task-2.1.1?")
        #expect(try plan == Scene.plan())
    }
}
