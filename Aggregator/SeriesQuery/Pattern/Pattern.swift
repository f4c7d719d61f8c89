/// A regular expression in RE2's syntax, matched against whole texts in time linear in the text.
///
/// What Prometheus's users write: literals, `.`, classes, `\d \w \s \pL`, groups (named, non-capturing), alternation,
/// `* + ? {n,m}` and their lazy forms, `^ $ \A \z \b \B`, the flags `i m s U`. No look-around and no back references,
/// as in RE2: they are what makes matching exponential. As in Prometheus `.` matches line feeds and the pattern
/// matches the whole text. Compiled once; matching never fails, and neither time nor memory can be blown up by the
/// pattern or the text.
public struct Pattern: Hashable, Sendable, CustomStringConvertible {
    /// Longest pattern accepted, in bytes.
    public static let maximumLength = 65_536

    /// The text it was compiled from.
    public let text: String
    private let shortcut: PatternShortcut?
    private let program: PatternProgram?
    private let automaton: LazyAutomaton?

    /// Compiles `text`.
    /// - Throws: with the place of the mistake; `.tooLarge` if it would need more than `PatternProgram.maximumSize`.
    public init(_ text: String) throws(PatternError) {
        guard text.utf8.count <= Self.maximumLength else {
            throw PatternError(.tooLarge, "longer than \(Self.maximumLength) bytes", at: Self.maximumLength)
        }
        var parser = PatternParser(text)
        let tree = try parser.parse()
        self.text = text
        shortcut = PatternShortcut(tree)
        if case .oneOf = shortcut, parser.names.count == 1 {
            // Long alternations of literals need no program, and may be larger than one may be.
            program = nil
            automaton = nil
        } else {
            let program = try PatternProgram(tree, groupNames: parser.names)
            self.program = program
            automaton = program.needsNeighbours ? nil : LazyAutomaton(program)
        }
    }

    /// Whether the pattern matches all of `value`.
    public func matches(_ value: String) -> Bool {
        if let shortcut { return shortcut.matches(value) }
        if let automaton { return automaton.matches(value) }
        return program.map { PatternThreads($0).captures(in: Array(value.unicodeScalars)) != nil } ?? false
    }

    /// The texts that match, if the pattern is nothing but an alternation of them.
    public var literals: [String]? {
        if case .oneOf(let texts) = shortcut { return texts.sorted() }
        return nil
    }

    /// `template` with `$1`, `${1}`, `$name`, `${name}` replaced by what the groups matched in `value`, `$$` by `$`;
    /// nil if the pattern does not match all of `value`.
    public func expand(_ template: String, matching value: String) -> String? {
        guard let program else {
            return matches(value) ? PatternTemplate(template).expanded { $0 == "0" ? value : "" } : nil
        }
        let scalars = Array(value.unicodeScalars)
        guard let slots = PatternThreads(program).captures(in: scalars) else { return nil }
        return PatternTemplate(template).expanded { name in
            guard let group = Int(name) ?? program.groupNames.firstIndex(of: name), group >= 0,
                2 * group + 1 < slots.count, slots[2 * group] >= 0, slots[2 * group + 1] >= 0
            else { return "" }
            var part = String.UnicodeScalarView()
            part.append(contentsOf: scalars[slots[2 * group]..<slots[2 * group + 1]])
            return String(part)
        }
    }

    /// The pattern's text.
    public var description: String { text }

    /// Patterns with one text are one pattern.
    public static func == (left: Pattern, right: Pattern) -> Bool { left.text == right.text }

    /// By text.
    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
