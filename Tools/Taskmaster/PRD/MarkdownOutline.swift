/// A Markdown text as headings, list items and lines of prose, each with its line number. Fenced code, comments and
/// tables are left out.
struct MarkdownOutline {
    /// A part of the text.
    struct Block: Equatable {
        enum Kind: Equatable {
            /// From 1 (`#`) to 6.
            case heading(level: Int)
            /// Of an outer list, or of one within another's item. Lines that continue it are joined to it.
            case item(isNested: Bool)
            case prose
            /// An empty line between paragraphs, or a rule.
            case gap
        }

        var kind: Kind
        /// Without the marks of its kind; the marks within stay.
        var text: String
        /// From 1.
        var line: Int
    }

    private(set) var blocks: [Block] = []
    private var fence: Substring?
    private var isInComment = false
    /// How far the outer items of the current list are indented; nil outside of lists.
    private var listIndent: Int?

    init(_ text: String) {
        // "\r\n" is one character.
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            read(line, number: index + 1)
        }
    }

    private mutating func read(_ line: Substring, number: Int) {
        let indent = line.prefix { $0 == " " || $0 == "\t" }.reduce(0) { $0 + ($1 == "\t" ? 4 : 1) }
        let text = line.trimmingPrefix { $0.isWhitespace }
        if skips(text) { return }
        if text.isEmpty || Self.isRule(text) {
            blocks.append(Block(kind: .gap, text: "", line: number))
        } else if let (level, title) = Self.heading(text) {
            listIndent = nil
            blocks.append(Block(kind: .heading(level: level), text: title, line: number))
        } else if let item = Self.item(text) {
            if indent < (listIndent ?? .max) { listIndent = indent }
            let isNested = indent > (listIndent ?? 0) + 1
            blocks.append(Block(kind: .item(isNested: isNested), text: item, line: number))
        } else if !text.hasPrefix("|") {
            prose(text, indent: indent, number: number)
        }
    }

    private mutating func prose(_ text: Substring, indent: Int, number: Int) {
        if case .item = blocks.last?.kind {
            blocks[blocks.count - 1].text += " " + Self.trimmed(text)
            return
        }
        // A further paragraph of an item explains it; it is no prose of the section.
        if listIndent != nil, indent > 1 { return }
        listIndent = nil
        blocks.append(Block(kind: .prose, text: Self.trimmed(text), line: number))
    }

    /// Whether the line belongs to code or a comment.
    private mutating func skips(_ text: Substring) -> Bool {
        if let open = fence {
            if text.hasPrefix(open) { fence = nil }
            return true
        }
        if isInComment || text.hasPrefix("<!--") {
            isInComment = !text.contains("-->")
            return true
        }
        guard text.hasPrefix("```") || text.hasPrefix("~~~") else { return false }
        fence = text.prefix(3)
        return true
    }

    private static func heading(_ text: Substring) -> (level: Int, title: String)? {
        let marks = text.prefix { $0 == "#" }.count
        guard 1...6 ~= marks else { return nil }
        let rest = text.dropFirst(marks)
        guard rest.first?.isWhitespace ?? true else { return nil }
        return (marks, trimmed(rest))
    }

    /// The text of `- item`, `* item`, `+ item`, `1. item`, `1) item`, also with a check box.
    private static func item(_ text: Substring) -> String? {
        var rest = text
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(digits.count)
        let marks: Set<Character> = digits.isEmpty ? ["-", "*", "+"] : [".", ")"]
        guard let mark = rest.popFirst(), marks.contains(mark), rest.first?.isWhitespace == true else { return nil }
        let item = trimmed(rest)
        for box in ["[ ] ", "[x] ", "[X] "] where item.hasPrefix(box) { return String(item.dropFirst(box.count)) }
        return item
    }

    /// Whether `text` is `---` or the like.
    private static func isRule(_ text: Substring) -> Bool {
        text.count > 2 && ["-", "*", "_"].contains { mark in text.allSatisfy { $0 == mark } }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.trimmingPrefix { $0.isWhitespace }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
