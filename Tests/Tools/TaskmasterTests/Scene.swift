import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import taskmaster

/// A folder with a PRD, in which the real program is run.
struct Scene {
    let folder: TemporaryDirectory

    init(prd: String = Scene.prd) throws {
        folder = try TemporaryDirectory()
        try folder.write(prd, to: "PRD.md")
    }

    var prdPath: String { folder.file("PRD.md") }
    var planPath: String { folder.file("plan.json") }
    var statePath: String { folder.file("plan.state.json") }

    /// Another product than ours, with counts of its own: 2 phases, 3 tasks, 6 subtasks, 21 h.
    static let prd = """
        # Kettle

        Version: 0.3

        ## Features

        ### Boil water

        **Priority:** P0
        **Estimate:** 8 h

        Water, hot.
        In a minute.

        - Heat to 100 °C
        - Switch off by itself,
          at once
        - Never boil dry

        ### Whistle

        Priority: P2 · Estimate: 3 hours

        - Be heard next door

        ### Keep warm

        Priority: P1 · Estimate: 10 h

        1. Hold 80 °C for an hour
        2. Cost less than a lamp

        ## Phase 1: Hot (weeks 1–2)

        - Boil water

        ## Phase 2: Pleasant (week 3)

        - Keep warm: for tea
        - Whistle
        """

    /// The plan of the PRD, everything pending.
    static func plan(of text: String = prd) throws -> Plan {
        let document = try PRDParser.parse(text, file: "PRD.md")
        return Plan(document, project: document.project, version: document.version ?? "1")
    }

    /// The program that is tested.
    static let program = ProgramUnderTest.path("taskmaster")

    /// The folder of Package.swift.
    static let packageRoot: String = {
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
        return tests.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    }()

    /// Runs the program; returns its exit status and all that it wrote.
    func run(_ arguments: String...) async throws -> (status: ChildProcess.Exit, output: String) {
        let child = try await start(arguments)
        let status = await child.waitForExit()
        return (status, child.output)
    }

    /// Starts the program.
    func start(_ arguments: [String]) async throws -> ChildProcess {
        let output = folder.file("output.\(Int.random(in: 0...Int.max))")
        return try await ChildProcess.start(Self.program, arguments, output: output)
    }

    /// The text of the file `name`.
    func text(_ name: String) throws -> String { String(decoding: try folder.read(name), as: UTF8.self) }
}

/// The message of the error that `body` throws.
func message(of body: () throws -> Void) throws -> String {
    try #require(#expect(throws: TaskmasterError.self) { try body() }).description
}

extension Date {
    /// Some instants, in order.
    static let first = Date(timeIntervalSince1970: 1_700_000_000)
    static let second = Date(timeIntervalSince1970: 1_700_000_060)
    static let third = Date(timeIntervalSince1970: 1_700_000_120)
}
