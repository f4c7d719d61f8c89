import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import taskmaster

@Suite struct PlanFilesTests {
    @Test func whatIsWrittenReadsBackTheSame() throws {
        var plan = try Scene.plan()
        var history = PlanHistory(lastUpdated: .first)
        history.append(try plan.update("task-1.1", to: .completed, note: "“done”\n\u{1}\\", at: .second), at: .second)
        history.append(try plan.update("task-2.1", to: .blocked, note: "no cup", at: .third), at: .third)
        #expect(try Plan(reading: Array(plan.json.pretty.utf8), file: "a") == plan)
        #expect(try PlanHistory(reading: Array(history.json.pretty.utf8), file: "a") == history)
    }

    @Test func keysStandInAFixedOrderAndASubtaskOnALine() throws {
        var plan = try Scene.plan()
        plan.phases = [plan.phases[0]]
        plan.phases[0].tasks[0].subtasks.removeLast(2)
        _ = try plan.update("task-1.1", to: .completed, note: nil, at: .first)
        #expect(
            plan.json.pretty == """
                {
                  "project": "Kettle",
                  "version": "0.3",
                  "phases": [
                    {
                      "id": "phase-1",
                      "name": "Hot",
                      "timeline": "weeks 1–2",
                      "status": "completed",
                      "tasks": [
                        {
                          "id": "task-1.1",
                          "title": "Boil water",
                          "description": "Water, hot. In a minute.",
                          "priority": "P0",
                          "estimatedHours": 8,
                          "status": "completed",
                          "assignee": null,
                          "subtasks": [
                            { "id": "task-1.1.1", "title": "Heat to 100 °C", "status": "completed" }
                          ],
                          "startedAt": "2023-11-14T22:13:20Z",
                          "completedAt": "2023-11-14T22:13:20Z",
                          "blockedReason": null
                        }
                      ]
                    }
                  ],
                  "summary": {
                    "totalPhases": 1,
                    "totalTasks": 1,
                    "totalSubtasks": 1,
                    "estimatedTotalHours": 8,
                    "priorities": { "P0": 1, "P1": 0, "P2": 0 }
                  }
                }

                """)
        let history = PlanHistory(
            lastUpdated: .first,
            entries: [.init(timestamp: .first, taskID: "task-1.1", oldStatus: .pending, newStatus: .blocked)])
        #expect(
            history.json.pretty == """
                {
                  "lastUpdated": "2023-11-14T22:13:20Z",
                  "history": [
                    { "timestamp": "2023-11-14T22:13:20Z", "taskId": "task-1.1", "oldStatus": "pending", \
                "newStatus": "blocked", "notes": null }
                  ]
                }

                """)
    }

    @Test(arguments: [
        ("\"project\": \"Kettle\",", "\"project\": \"Kettle\"", "a:3: a comma or } should follow the member"),
        ("\"project\": \"Kettle\",\n", "", "a:1: “project” is missing: add it"),
        ("\"Hot\"", "[]", "a:7: phases[0].name: a string should be here"),
        ("\"P2\"", "\"P9\"", "a:56: phases[1].tasks[1].priority: “P9” is unknown: write one of P0, P1, P2"),
        ("\"estimatedHours\": 3", "\"estimatedHours\": 3.5", "a:57: phases[1].tasks[1].estimatedHours: a whole number"),
        ("\"task-2.2\"", "\"task-2.1\"", "a:53: phases[1].tasks[1].id: “task-2.1” stands twice: rename one"),
        (
            "next door\", \"status\": \"pending\"", "next door\", \"status\": \"done\"",
            "a:61: phases[1].tasks[1].subtasks[0].status: “done” is unknown: write one of pending, in_progress"
        ),
        (
            "\"startedAt\": null", "\"startedAt\": \"today\"",
            "a:24: phases[0].tasks[0].startedAt: “today” is no instant"
        ),
    ])
    func saysLineAndRemedyOfWhatIsWrong(_ old: String, _ new: String, _ expected: String) throws {
        let text = try Scene.plan().json.pretty
        let range = try #require(text.firstRange(of: old))
        let broken = text[..<range.lowerBound] + new + text[range.upperBound...]
        let error = try message { _ = try Plan(reading: Array(broken.utf8), file: "a") }
        #expect(error.hasPrefix(expected), "\(error)")
    }

    @Test(arguments: [
        "", "[]", "null", "{", "{\"project\": 1}", "\u{fe}", "{\"project\":\"a\",\"version\":\"1\",\"phases\":{}}",
    ])
    func anyBytesGiveAnError(_ text: String) throws {
        #expect(try message { _ = try Plan(reading: Array(text.utf8), file: "a") }.hasPrefix("a:1: "))
        #expect(try message { _ = try PlanHistory(reading: Array(text.utf8), file: "a") }.hasPrefix("a:1: "))
    }

    @Test func aValuesLineIsFoundBehindStringsThatLookLikeSyntax() throws {
        let text = "{\"a]\\\"}\": [1, -2.5e3, {\"b\": \"]}\\\\\"}],\n\"c\": [[], {},\n true, {\"d\":\nnull}]}"
        let bytes = Array(text.utf8)
        let offset = JSONPosition.offset(of: [.key("c"), .index(3), .key("d")], in: bytes)
        #expect(String(decoding: bytes[offset...], as: UTF8.self) == "null}]}")
        #expect(JSONPosition.line(at: offset, in: bytes) == 4)
    }

    @Test func whoCannotGetTheLockSaysSo() throws {
        let scene = try Scene()
        var files = PlanFiles(plan: scene.planPath)
        files.lockTimeout = .milliseconds(20)
        let other = open(scene.folder.path, O_RDONLY)
        defer { close(other) }
        #expect(flock(other, LOCK_EX) == 0)
        let error = #expect(throws: TaskmasterError.self) { try files.withLock {} }
        #expect(error?.code == .busy)
        #expect(flock(other, LOCK_UN) == 0)
        try files.withLock {}
    }
}
