/// The sections of a PRD that a plan is made of, still as text.
struct PRDSections {
    /// The heading of level 1, or nil.
    var title: (text: String, line: Int)?
    /// `project`, `version` by key: facts that stand before the first section.
    var facts: [String: String] = [:]
    /// Each heading directly below one that is or ends in “Features”.
    var features: [Section] = []
    /// Each heading of the form `Phase 1: NAME (TIMELINE)`.
    var phases: [Section] = []

    /// A heading and what counts below it: what comes before a deeper heading, and what stands below one that is
    /// `listHeading`.
    struct Section {
        /// Without number and marks.
        var title: String
        var line: Int
        /// Where each fact was first said.
        var facts: [String: (value: String, line: Int)] = [:]
        /// Paragraphs before the first list, joined.
        var prose = ""
        /// The outer list items.
        var items: [(text: String, line: Int)] = []

        fileprivate var level: Int
        /// `requirements` or `features`.
        fileprivate var listHeading: String
        fileprivate var counts = true
        fileprivate var isProseOver = false
    }

    private enum Kind { case feature, phase }
    private var open: (kind: Kind, section: Section)?
    /// The level of the heading “Features” that we are below.
    private var featuresLevel: Int?
    private var isBeforeSections = true

    private static let knownFacts: Set<String> = [
        "project", "version", "priority", "estimate", "estimated hours", "timeline",
    ]

    init(_ outline: MarkdownOutline) {
        for block in outline.blocks {
            switch block.kind {
            case .heading(let level): heading(block, level: level)
            case .item(let isNested): item(block, isNested: isNested)
            case .prose: prose(block)
            case .gap: break
            }
        }
        close()
    }

    private mutating func heading(_ block: MarkdownOutline.Block, level: Int) {
        let text = MarkdownText.withoutNumber(MarkdownText.plain(block.text))
        let key = MarkdownText.key(text)
        if open.map({ level <= $0.section.level }) ?? false { close() }
        if let featuresLevel, level <= featuresLevel { self.featuresLevel = nil }
        if title != nil || level > 1 { isBeforeSections = false }
        if let listHeading = open?.section.listHeading {
            open?.section.isProseOver = true
            open?.section.counts = key == listHeading
        } else if let featuresLevel {
            if level == featuresLevel + 1 { begin(.feature, text, block, level: level, list: "requirements") }
        } else if Self.phaseNumber(text) != nil {
            begin(.phase, text, block, level: level, list: "features")
        } else if level == 1, title == nil {
            title = (text, block.line)
        } else if key == "features" || key.hasSuffix(" features") {
            featuresLevel = level
        }
    }

    private mutating func item(_ block: MarkdownOutline.Block, isNested: Bool) {
        if take(block) { return }
        guard open?.section.counts == true, !isNested else { return }
        open?.section.isProseOver = true
        open?.section.items.append((MarkdownText.plain(block.text), block.line))
    }

    private mutating func prose(_ block: MarkdownOutline.Block) {
        if take(block) { return }
        guard let section = open?.section, section.counts, !section.isProseOver else { return }
        // A line such as “**Requirements:**” only announces the list.
        if MarkdownText.key(block.text) == section.listHeading + ":" { return }
        open?.section.prose += (section.prose.isEmpty ? "" : " ") + MarkdownText.plain(block.text)
    }

    /// Keeps the facts of `block`; false if it has none.
    private mutating func take(_ block: MarkdownOutline.Block) -> Bool {
        guard let facts = MarkdownText.facts(block.text, known: Self.knownFacts) else { return false }
        for (key, value) in facts {
            let key = key == "estimated hours" ? "estimate" : key
            if open != nil {
                if open?.section.facts[key] == nil { open?.section.facts[key] = (value, block.line) }
            } else if isBeforeSections, self.facts[key] == nil {
                self.facts[key] = value
            }
        }
        return true
    }

    private mutating func begin(
        _ kind: Kind, _ title: String, _ block: MarkdownOutline.Block, level: Int, list: String
    ) {
        open = (kind, Section(title: title, line: block.line, level: level, listHeading: list))
    }

    private mutating func close() {
        if let open {
            switch open.kind {
            case .feature: features.append(open.section)
            case .phase: phases.append(open.section)
            }
        }
        open = nil
    }

    /// The number and the rest of `Phase 1: MVP (weeks 1–6)`; nil for any other heading.
    static func phaseNumber(_ heading: String) -> (number: Int, rest: String)? {
        guard heading.lowercased().hasPrefix("phase ") else { return nil }
        let text = heading.dropFirst("phase ".count).trimmingPrefix { $0 == " " }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let rest = text.dropFirst(digits.count).trimmingPrefix { $0 == " " }
        guard let number = Int(digits), let mark = rest.first, ":.-–—".contains(mark) else { return nil }
        return (number, String(rest.dropFirst().trimmingPrefix { $0 == " " }))
    }
}
