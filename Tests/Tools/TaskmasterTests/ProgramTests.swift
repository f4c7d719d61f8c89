import FoundationEssentials
import Glibc
import JSON
import TestSupport
import Testing

@testable import taskmaster

/// The real program on real files.
@Suite struct ProgramTests {
    let scene: Scene

    init() throws { scene = try Scene() }

    private func initialise() async throws {
        let (status, output) = try await scene.run("init", scene.prdPath, scene.planPath)
        try #require(status == .status(0), "\(output)")
    }

    @Test func everyCommandWorks() async throws {
        let plan = ["--plan", scene.planPath]
        func run(_ words: String...) async throws -> String {
            let child = try await scene.start(words + plan)
            #expect(await child.waitForExit() == .status(0), "\(words): \(child.output)")
            return child.output
        }
        let made = try await scene.run("init", scene.prdPath, scene.planPath)
        #expect(made.output == "\(scene.planPath): 2 phases, 3 tasks, 6 subtasks, 21 h\n")
        #expect(try await run("history") == "no changes yet\n")
        #expect(
            try await run("update", "task-1.1", "in_progress", "at last")
                == "task-1.1: pending → in_progress: at last\n")
        #expect(
            try await run("update-subtask", "task-2.2", "1", "completed")
                == "task-2.2.1: pending → completed\ntask-2.2: pending → completed: follows its subtasks\n")
        #expect(try await run("assign", "task-1.1", "Ada") == "task-1.1: assigned to Ada\n")
        #expect(try await run("update", "task-2.1", "blocked", "no tea") == "task-2.1: pending → blocked: no tea\n")
        #expect(
            try await run("status") == """
                Kettle 0.3

                in_progress phase-1 Hot  weeks 1–2, 0 of 1 tasks completed
                  in_progress task-1.1 Boil water P0   8 h   0/3 Ada

                blocked     phase-2 Pleasant  week 3, 1 of 2 tasks completed
                  blocked     task-2.1 Keep warm  P1  10 h   0/2 blocked: no tea
                  completed   task-2.2 Whistle    P2   3 h   1/1

                1 of 3 tasks and 1 of 6 subtasks completed; 21 h estimated

                """)
        let details = try await run("details", "task-2.2")
        #expect(details.hasPrefix("task-2.2 Whistle\n  phase     Pleasant (week 3)\n  status    completed\n"))
        #expect(details.contains("  completed   task-2.2.1 Be heard next door\n"))
        let history = try await run("history", "2").split(separator: "\n").map { $0.dropFirst(21) }
        #expect(history == ["task-2.1: pending → blocked: no tea", "task-1.1: assigned to Ada"])
        let progress = try JSONValue(parsing: try await run("progress"))
        #expect(progress["totals"]?["estimatedHours"]?.int == 21)
        #expect(progress["percent"]?["tasks"]?.double == 33.3)
        #expect(progress["percent"]?["estimatedHours"]?.double == 14.2)
        #expect(
            progress["tasksByStatus"] == ["pending": 0, "in_progress": 1, "completed": 1, "blocked": 1])
        #expect(progress["subtasksByStatus"]?["completed"]?.int == 1)
    }

    @Test func nameAndVersionMayBeGiven() async throws {
        let (status, _) = try await scene.run("init", scene.prdPath, scene.planPath, "Teapot", "9")
        #expect(status == .status(0))
        let plan = try PlanFiles(plan: scene.planPath).read().plan
        #expect([plan.project, plan.version] == ["Teapot", "9"])
    }

    @Test func aPlanMadeAnewKeepsItsStateByteForByte() async throws {
        try await initialise()
        _ = try await scene.run("update", "task-1.1", "completed", "--plan", scene.planPath)
        let before = [try scene.text("plan.json"), try scene.text("plan.state.json")]
        let (status, output) = try await scene.run("init", scene.prdPath, scene.planPath)
        #expect(status == .status(0))
        #expect(output.hasSuffix("kept the state of 3 tasks\n"))
        #expect([try scene.text("plan.json"), try scene.text("plan.state.json")] == before)
    }

    @Test func updatesAtOnceLoseNothing() async throws {
        try await initialise()
        let ids = ["task-1.1", "task-2.1", "task-2.2"]
        // Two at once, and then again, so that their readings and writings meet.
        for round in 0..<12 {
            let pair = [ids[round % 3], ids[(round + 1) % 3]]
            var children: [ChildProcess] = []
            for id in pair {
                let words = [
                    "update", id, round % 2 == 0 ? "in_progress" : "pending", "\(round)", "--plan", scene.planPath,
                ]
                children.append(try await scene.start(words))
            }
            for child in children { #expect(await child.waitForExit() == .status(0), "\(child.output)") }
        }
        let content = try PlanFiles(plan: scene.planPath).read()
        #expect(content.history.entries.count == 24)
        for round in 0..<12 {
            let told = Set(content.history.entries.filter { $0.notes == "\(round)" }.map(\.taskID))
            #expect(told == [ids[round % 3], ids[(round + 1) % 3]])
        }
        #expect(content.plan.tasks.map(\.status) == [.pending, .inProgress, .pending])
        #expect(try await scene.run("history", "--plan", scene.planPath).status == .status(0))
    }

    @Test(arguments: ["", "not a plan", "{\"project\": \"a\"}"])
    func anOutputThatIsNoPlanIsNeverOverwritten(_ text: String) async throws {
        try scene.folder.write(text, to: "plan.json")
        let (status, output) = try await scene.run("init", scene.prdPath, scene.planPath)
        #expect(status == .status(2))
        #expect(output.hasPrefix("\(scene.planPath):1: "))
        #expect(try scene.text("plan.json") == text)
        #expect(access(scene.statePath, F_OK) != 0)
    }

    @Test(arguments: [["init"], ["update", "task-1.1", "completed"]])
    func anUnreadableHistoryIsNeverOverwritten(_ words: [String]) async throws {
        try await initialise()
        let plan = try scene.text("plan.json")
        try scene.folder.write("{\n\"lastUpdated\": 1}", to: "plan.state.json")
        let rest = words == ["init"] ? [scene.prdPath, scene.planPath] : ["--plan", scene.planPath]
        let child = try await scene.start(words + rest)
        #expect(await child.waitForExit() == .status(2))
        #expect(child.output == "\(scene.statePath):2: lastUpdated: a string should be here\n")
        #expect(try scene.text("plan.json") == plan)
        #expect(try scene.text("plan.state.json") == "{\n\"lastUpdated\": 1}")
    }

    @Test func aHistoryWhosePlanIsGoneIsKept() async throws {
        try await initialise()
        _ = try await scene.run("update", "task-1.1", "completed", "--plan", scene.planPath)
        unlink(scene.planPath)
        try await initialise()
        #expect(try PlanFiles(plan: scene.planPath).read().history.entries.count == 4)
    }

    @Test func aMalformedPRDWritesNothing() async throws {
        try scene.folder.write("# A\n\n## Features\n", to: "PRD.md")
        let (status, output) = try await scene.run("init", scene.prdPath, scene.planPath)
        #expect(status == .status(2))
        #expect(output.hasPrefix("\(scene.prdPath):1: no features: "))
        try scene.folder.write(Array("# A\n".utf8) + [0xff], to: "PRD.md")
        let latin = try await scene.run("init", scene.prdPath, scene.planPath)
        #expect(latin.output == "\(scene.prdPath):2: not UTF-8: save the file in that encoding\n")
        #expect(access(scene.planPath, F_OK) != 0)
    }

    @Test func exitStatusesTellWhatIsWrong() async throws {
        try await initialise()
        let plan = scene.planPath
        #expect(try await scene.run("status", "--plan", "\(plan).none").status == .status(1))
        #expect(try await scene.run("init", "\(plan).none", plan).status == .status(1))
        #expect(try await scene.run("init", scene.prdPath, "\(plan)/none/plan.json").status == .status(1))
        #expect(try await scene.run("details", "task-9", "--plan", plan).status == .status(3))
        #expect(try await scene.run("update", "task-1.1", "done", "--plan", plan).status == .status(64))
        #expect(try await scene.run("history", "0", "--plan", plan).status == .status(64))
    }

    @Test(arguments: ["init", "status", "progress", "details", "update", "update-subtask", "assign", "history"])
    func eachCommandHasHelp(_ command: String) async throws {
        let (status, output) = try await scene.run(command, "--help")
        #expect(status == .status(0))
        #expect(output.contains("USAGE: taskmaster \(command)"))
        // The manual knows every command.
        let manual = try String(contentsOfFile: Scene.packageRoot + "/packaging/man/taskmaster.1", encoding: .utf8)
        let spelled = command.split(separator: "-").joined(separator: "\\-")
        #expect(manual.contains(".B taskmaster \(spelled)\n"))
    }

    @Test func iconsAndColourAreForATerminal() throws {
        let plan = try Scene.plan()
        #expect(StatusReport(style: .terminal).text(of: plan).contains("\u{1b}[37m○\u{1b}[0m task-1.1"))
        #expect(!StatusReport(style: .plain).text(of: plan).contains("\u{1b}"))
    }
}
