/// Reads a PRD in Markdown and says all that is wrong with it at once.
struct PRDParser {
    /// Problems beyond these are only counted.
    static let shownProblems = 20

    private let file: String
    private var problems: [(line: Int, text: String)] = []

    /// The PRD that `text` says.
    ///
    /// - Parameter file: named in errors.
    /// - Throws: `.malformed`: `FILE:LINE: what is wrong: what to write`, a line for each problem.
    static func parse(_ text: String, file: String) throws(TaskmasterError) -> PRD {
        var parser = PRDParser(file: file)
        let prd = parser.prd(PRDSections(MarkdownOutline(text)))
        guard let prd, parser.problems.isEmpty else { throw parser.error }
        return prd
    }

    private init(file: String) { self.file = file }

    private var error: TaskmasterError {
        let sorted = problems.sorted { $0.line < $1.line }
        var lines = sorted.prefix(Self.shownProblems).map { "\(file):\($0.line): \($0.text)" }
        if sorted.count > Self.shownProblems {
            lines.append("\(file): \(sorted.count - Self.shownProblems) more problems")
        }
        return TaskmasterError(.malformed, lines.joined(separator: "\n"))
    }

    private mutating func complain(_ line: Int, _ text: String) { problems.append((line, text)) }

    private mutating func prd(_ sections: PRDSections) -> PRD? {
        if sections.title == nil { complain(1, "no title: begin with a line `# NAME`") }
        if sections.features.isEmpty {
            complain(1, "no features: add a heading `## Features` and below it a heading `### NAME` for each")
        }
        if sections.phases.isEmpty {
            complain(1, "no phases: add headings `## Phase 1: NAME (TIMELINE)`, each with a list of features")
        }
        var features: [String: (feature: PRD.Feature?, section: PRDSections.Section)] = [:]
        for section in sections.features {
            let key = MarkdownText.key(section.title)
            if let first = features[key] {
                complain(
                    section.line, "feature “\(section.title)” stands at line \(first.section.line) already: rename one")
            } else {
                features[key] = (feature(section), section)
            }
        }
        var namedAt: [String: Int] = [:]
        let phases = sections.phases.enumerated().map { phase($1, number: $0 + 1, features, &namedAt) }
        for (key, value) in features where namedAt[key] == nil && !sections.phases.isEmpty {
            complain(value.section.line, "no phase names feature “\(value.section.title)”: add it to a phase's list")
        }
        let project = sections.facts["project"] ?? sections.title?.text ?? ""
        return PRD(project: project, version: sections.facts["version"], phases: phases)
    }

    private mutating func feature(_ section: PRDSections.Section) -> PRD.Feature? {
        let priority = priority(section)
        let hours = hours(section)
        if section.items.isEmpty {
            complain(section.line, "feature “\(section.title)” has no requirements: add a list, one `- …` for each")
        }
        guard let priority, let hours else { return nil }
        return PRD.Feature(
            title: section.title, description: section.prose, priority: priority, estimatedHours: hours,
            requirements: section.items.map(\.text))
    }

    private mutating func priority(_ section: PRDSections.Section) -> Plan.Priority? {
        guard let fact = section.facts["priority"] else {
            complain(section.line, "feature “\(section.title)” has no priority: add a line `Priority: P0` (or P1, P2)")
            return nil
        }
        let word = fact.value.prefix { !$0.isWhitespace }.uppercased()
        if let priority = Plan.Priority(rawValue: word) { return priority }
        complain(fact.line, "priority “\(fact.value)” is unknown: write P0, P1 or P2")
        return nil
    }

    private mutating func hours(_ section: PRDSections.Section) -> Int? {
        guard let fact = section.facts["estimate"] else {
            complain(section.line, "feature “\(section.title)” has no estimate: add a line `Estimate: 16 h`")
            return nil
        }
        let digits = fact.value.prefix { $0.isASCII && $0.isNumber }
        let unit = MarkdownText.key(String(fact.value.dropFirst(digits.count)))
        // Beyond a person's working life it is a slip of the finger.
        if let hours = Int(digits), 1...100_000 ~= hours, ["", "h", "hour", "hours"].contains(unit) { return hours }
        complain(fact.line, "estimate “\(fact.value)” is no number of hours: write whole hours, as in `Estimate: 16 h`")
        return nil
    }

    private mutating func phase(
        _ section: PRDSections.Section, number: Int,
        _ features: [String: (feature: PRD.Feature?, section: PRDSections.Section)], _ namedAt: inout [String: Int]
    ) -> PRD.Phase {
        let heading = PRDSections.phaseNumber(section.title)
        if let heading, heading.number != number {
            complain(
                section.line, "phase \(heading.number) comes \(ordinal(number)): number the phases 1, 2, 3 … in order")
        }
        let (name, inParentheses) = Self.splitTimeline(heading?.rest ?? section.title)
        let timeline = section.facts["timeline"]?.value ?? inParentheses
        if name.isEmpty {
            complain(section.line, "phase \(number) has no name: write `Phase \(number): NAME (TIMELINE)`")
        }
        if timeline == nil {
            complain(section.line, "phase \(number) has no timeline: write `Phase \(number): NAME (weeks 1–6)`")
        }
        if section.items.isEmpty {
            complain(section.line, "phase \(number) names no features: list them below it, one `- FEATURE` each")
        }
        var chosen: [PRD.Feature] = []
        for item in section.items {
            guard let key = Self.names(of: item.text).first(where: { features[$0] != nil }) else {
                let near = nearestName(to: item.text, among: features.values.map(\.section.title).sorted())
                let remedy = near.map { "did you mean “\($0)”?" } ?? "add it below `## Features`"
                complain(item.line, "no feature “\(item.text)”: \(remedy)")
                continue
            }
            if let first = namedAt[key] {
                complain(item.line, "line \(first) names feature “\(item.text)” already: name it in one phase only")
                continue
            }
            namedAt[key] = item.line
            if let feature = features[key]?.feature { chosen.append(feature) }
        }
        return PRD.Phase(name: name, timeline: timeline ?? "", features: chosen)
    }

    private func ordinal(_ number: Int) -> String { number == 1 ? "first" : "as number \(number)" }

    /// `MVP (weeks 1–6)` as name and timeline.
    private static func splitTimeline(_ text: String) -> (name: String, timeline: String?) {
        guard text.hasSuffix(")"), let open = text.lastIndex(of: "(") else { return (text, nil) }
        var name = text[..<open]
        while name.last?.isWhitespace == true { name.removeLast() }
        let timeline = text[text.index(after: open)...].dropLast()
        return (String(name), timeline.isEmpty ? nil : String(timeline))
    }

    /// The features that a phase's item may name: all of it, or what comes before a remark.
    private static func names(of item: String) -> [String] {
        var names = [MarkdownText.key(item)]
        for mark in [":", " – ", " — ", " - ", " ("] {
            // The last one first: a name may hold the mark itself.
            var rest = item[...]
            while let range = rest.lastRange(of: mark) {
                rest = rest[..<range.lowerBound]
                names.append(MarkdownText.key(String(rest)))
            }
        }
        return names
    }
}

extension Substring {
    /// Where `mark` stands last.
    fileprivate func lastRange(of mark: String) -> Range<Index>? {
        indices.reversed().lazy.filter { self[$0...].hasPrefix(mark) }.first.map {
            $0..<self.index($0, offsetBy: mark.count)
        }
    }
}
