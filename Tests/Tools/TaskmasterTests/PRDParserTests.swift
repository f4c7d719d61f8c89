import Testing

@testable import taskmaster

@Suite struct PRDParserTests {
    @Test func countsAreThoseOfThePRD() throws {
        let summary = try Scene.plan().summary
        #expect(
            summary
                == .init(phases: 2, tasks: 3, subtasks: 6, estimatedHours: 21, priorities: [.p0: 1, .p1: 1, .p2: 1]))
    }

    @Test func featuresBecomeTasksOfThePhasesThatNameThemInTheirOrder() throws {
        let plan = try Scene.plan()
        #expect(plan.project == "Kettle")
        #expect(plan.version == "0.3")
        #expect(plan.phases.map(\.id) == ["phase-1", "phase-2"])
        #expect(plan.phases.map(\.name) == ["Hot", "Pleasant"])
        #expect(plan.phases.map(\.timeline) == ["weeks 1–2", "week 3"])
        #expect(plan.tasks.map(\.id) == ["task-1.1", "task-2.1", "task-2.2"])
        #expect(plan.tasks.map(\.title) == ["Boil water", "Keep warm", "Whistle"])
        #expect(plan.tasks.map(\.priority) == [.p0, .p1, .p2])
        #expect(plan.tasks.map(\.estimatedHours) == [8, 10, 3])
        #expect(plan.tasks[0].description == "Water, hot. In a minute.")
        #expect(
            plan.tasks[0].subtasks == [
                .init(id: "task-1.1.1", title: "Heat to 100 °C"),
                .init(id: "task-1.1.2", title: "Switch off by itself, at once"),
                .init(id: "task-1.1.3", title: "Never boil dry"),
            ])
        #expect(plan.tasks[1].subtasks.map(\.title) == ["Hold 80 °C for an hour", "Cost less than a lamp"])
    }

    @Test func whatOnlyLooksLikeRequirementsIsNotCounted() throws {
        let text = """
            Project: Kettle · Version: 2

            # Requirements of the kettle
            - no feature

            ## 4. Core features

            Prose of the section.

            - no requirement

            ### 4.1 Boil **water**

            - **Priority:** P1 (soon)
            - **Estimated hours:** 5

            Hot.

            | a | table |
            | - | - |

            ```
            - code
            ### Code
            ```

            <!-- ### Hidden
            - comment -->

            - [x] `a` and [b](https://example.org)
              - explained
              - further

              at length
            * c

            #### Success metrics

            - no requirement

            #### Requirements

            - d

            ## 5. Roadmap

            ### Phase 1: First - and last (soon)

            #### Dates

            - no feature

            #### Features

            - [boil water](#41) – as said
            """
        let plan = try Scene.plan(of: text)
        #expect(plan.project == "Kettle")
        #expect(plan.tasks.map(\.title) == ["Boil water"])
        #expect(plan.tasks[0].description == "Hot.")
        #expect(plan.tasks[0].subtasks.map(\.title) == ["`a` and b", "c", "d"])
        #expect(plan.phases[0].name == "First - and last")
    }

    @Test(arguments: [
        ("# Kettle", "Kettle", "PRD.md:1: no title: begin with a line `# NAME`"),
        ("Priority: P2 ·", "Priority: high ·", "PRD.md:22: priority “high” is unknown: write P0, P1 or P2"),
        ("Priority: P2 · ", "", "PRD.md:20: feature “Whistle” has no priority: add a line `Priority: P0` (or P1, P2)"),
        (" · Estimate: 3 hours", "", "PRD.md:20: feature “Whistle” has no estimate: add a line `Estimate: 16 h`"),
        (
            "3 hours", "3 days",
            "PRD.md:22: estimate “3 days” is no number of hours: write whole hours, as in `Estimate: 16 h`"
        ),
        (
            "3 hours", "-3 h",
            "PRD.md:22: estimate “-3 h” is no number of hours: write whole hours, as in `Estimate: 16 h`"
        ),
        (
            "- Be heard next door", "",
            "PRD.md:20: feature “Whistle” has no requirements: add a list, one `- …` for each"
        ),
        ("- Whistle", "- Whisper", "PRD.md:40: no feature “Whisper”: did you mean “Whistle”?"),
        ("### Whistle", "### Boil water", "PRD.md:20: feature “Boil water” stands at line 7 already: rename one"),
        ("- Whistle", "- Keep warm", "PRD.md:40: line 39 names feature “Keep warm” already: name it in one phase only"),
        ("- Whistle", "", "PRD.md:20: no phase names feature “Whistle”: add it to a phase's list"),
        (" (week 3)", "", "PRD.md:37: phase 2 has no timeline: write `Phase 2: NAME (weeks 1–6)`"),
        ("Phase 2: Pleasant", "Phase 2:", "PRD.md:37: phase 2 has no name: write `Phase 2: NAME (TIMELINE)`"),
        ("Phase 2", "Phase 3", "PRD.md:37: phase 3 comes as number 2: number the phases 1, 2, 3 … in order"),
        (
            "- Boil water", "",
            "PRD.md:33: phase 1 names no features: list them below it, one `- FEATURE` each"
        ),
    ])
    func saysLineAndRemedyOfWhatIsWrong(_ old: String, _ new: String, _ expected: String) throws {
        let text = replacing(old, by: new)
        let error = try message { _ = try PRDParser.parse(text, file: "PRD.md") }
        #expect(error.split(separator: "\n").contains { $0 == expected }, "\(error)")
    }

    @Test func saysEverythingThatIsWrongAtOnceInTheOrderOfLines() throws {
        let text = replacing("8 h", by: "soon", in: replacing("- Whistle", by: "- Whisper"))
        let lines = try message { _ = try PRDParser.parse(text, file: "a.md") }.split(separator: "\n")
        #expect(lines.map { $0.prefix { $0 != " " } } == ["a.md:10:", "a.md:20:", "a.md:40:"])
    }

    @Test func aFloodOfProblemsIsCounted() throws {
        let features = (1...30).map { "### F\($0)\n" }.joined()
        let error = try message { _ = try PRDParser.parse("# A\n## Features\n\(features)", file: "a.md") }
        #expect(error.hasSuffix("a.md: 71 more problems"))
    }

    @Test(arguments: [
        "", "#", "# A", "\u{0}", "## Features\n###", "## Phase 1:", "[", "- [", "# [a](", "`", "```", "<!--",
    ])
    func anyTextGivesAnError(_ text: String) throws {
        #expect(try message { _ = try PRDParser.parse(text, file: "a.md") }.hasPrefix("a.md:1: "))
    }

    private func replacing(_ old: String, by new: String, in text: String = Scene.prd) -> String {
        // The last one: names stand in the features first.
        guard let at = text.indices.last(where: { text[$0...].hasPrefix(old) }) else {
            Issue.record("“\(old)” is not in the PRD")
            return text
        }
        return text[..<at] + new + text[text.index(at, offsetBy: old.count)...]
    }
}
