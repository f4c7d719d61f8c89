/// Reads RE2's syntax. Error texts are those of Go's regexp/syntax, which Prometheus's users know.
struct PatternParser {
    static let maximumRepetition = 1000
    static let maximumDepth = 200

    struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotMatchesLineFeed = true
        var isUngreedy = false
    }

    let scalars: [Unicode.Scalar]
    var at = 0
    var flags = Flags()
    /// Names of the groups; [0] is the whole match, nameless groups are "".
    private(set) var names = [""]
    private var depth = 0

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
    }

    mutating func parse() throws(PatternError) -> PatternNode {
        let tree = try parseAlternation()
        guard at == scalars.count else { throw error("unexpected )", from: at) }
        return tree
    }

    // MARK: Structure

    private mutating func parseAlternation() throws(PatternError) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw error("expression nests too deeply", from: at, code: .tooLarge) }
        var branches = [try parseSequence()]
        while next("|") { branches.append(try parseSequence()) }
        return branches.count == 1 ? branches[0] : .alternation(branches)
    }

    private mutating func parseSequence() throws(PatternError) -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = peek, scalar != "|", scalar != ")" {
            let start = at
            guard let atom = try parseAtom() else { continue }
            parts.append(try parseRepetition(of: atom, from: start))
        }
        switch parts.count {
        case 0: return .empty
        case 1: return parts[0]
        default: return .sequence(parts)
        }
    }

    /// Nil for a group that only sets flags.
    private mutating func parseAtom() throws(PatternError) -> PatternNode? {
        let start = at
        let scalar = scalars[at]
        at += 1
        switch scalar {
        case "(": return try parseGroup(from: start)
        case "[": return .set(try parseClass(from: start))
        case ".": return .set(flags.dotMatchesLineFeed ? .any : .notLineFeed)
        case "^": return .assertion(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
        case "*", "+", "?": throw error("missing argument to repetition operator: `\(scalar)`", from: start)
        case "{":
            at = start
            if try parseCounts() != nil {
                throw error("missing argument to repetition operator: `\(text(from: start))`", from: start)
            }
            at = start + 1
            return literal(scalar.value)
        case "\\": return try parseEscape(from: start)
        default: return literal(scalar.value)
        }
    }

    func literal(_ value: UInt32) -> PatternNode {
        guard flags.ignoresCase else { return .scalar(value) }
        let set = ScalarSet([value...value]).caseFolded
        return set.ranges.count == 1 && set.ranges[0].count == 1 ? .scalar(value) : .set(set)
    }

    // MARK: Groups

    private mutating func parseGroup(from start: Int) throws(PatternError) -> PatternNode? {
        let outside = flags
        var index: Int?
        if next("?") {
            if let name = try parseGroupName(from: start) {
                guard !names.contains(name) else {
                    throw error("duplicate capture group name: `\(name)`", from: start)
                }
                index = names.count
                names.append(name)
            } else if try parseFlags(from: start) {
                return nil
            }
        } else {
            index = names.count
            names.append("")
        }
        let body = try parseAlternation()
        guard next(")") else { throw error("missing closing ): `\(text(from: 0, to: scalars.count))`", from: start) }
        flags = outside
        return .group(body, index: index)
    }

    private mutating func parseGroupName(from start: Int) throws(PatternError) -> String? {
        let before = at
        _ = next("P")
        guard next("<") else {
            at = before
            return nil
        }
        let nameStart = at
        while let scalar = peek, ScalarSet.isWord(scalar.value) { at += 1 }
        let name = text(from: nameStart)
        guard !name.isEmpty, next(">") else {
            throw error("invalid or unsupported Perl syntax: `\(text(from: start))`", from: start)
        }
        return name
    }

    /// `(?i)` sets flags to the end of the group around it: true. `(?i:` opens a group: false.
    private mutating func parseFlags(from start: Int) throws(PatternError) -> Bool {
        var isOn = true
        var changed = flags
        while let scalar = peek {
            at += 1
            switch scalar {
            case "i": changed.ignoresCase = isOn
            case "m": changed.isMultiline = isOn
            case "s": changed.dotMatchesLineFeed = isOn
            case "U": changed.isUngreedy = isOn
            case "-" where isOn: isOn = false
            case ":", ")":
                flags = changed
                return scalar == ")"
            default: throw error("invalid or unsupported Perl syntax: `\(text(from: start))`", from: start)
            }
        }
        throw error("missing closing ): `\(text(from: 0, to: scalars.count))`", from: start)
    }

    // MARK: Repetition

    private mutating func parseRepetition(of atom: PatternNode, from start: Int) throws(PatternError) -> PatternNode {
        var operatorStart = at
        guard let (minimum, maximum) = try parseCounts() else { return atom }
        let isLazy = next("?")
        let isGreedy = isLazy == flags.isUngreedy
        var result = PatternNode.repetition(atom, minimum: minimum, maximum: maximum, isGreedy: isGreedy)
        if case .sequence(let quoted) = atom, let last = quoted.last {
            // Behind \Q…\E only the last scalar is repeated.
            let repeated = PatternNode.repetition(last, minimum: minimum, maximum: maximum, isGreedy: isGreedy)
            result = .sequence(quoted.dropLast() + [repeated])
        }
        let afterFirst = at
        operatorStart = min(operatorStart, afterFirst)
        if try parseCounts() != nil {
            throw error("invalid nested repetition operator: `\(text(from: operatorStart))`", from: operatorStart)
        }
        at = afterFirst
        return result
    }

    /// `*`, `+`, `?`, `{n}`, `{n,}`, `{n,m}`; nil, and nothing read, if none of them is next.
    private mutating func parseCounts() throws(PatternError) -> (minimum: Int, maximum: Int?)? {
        if next("*") { return (0, nil) }
        if next("+") { return (1, nil) }
        if next("?") { return (0, 1) }
        let start = at
        guard next("{"), let minimum = parseNumber() else {
            at = start
            return nil
        }
        var maximum: Int? = minimum
        if next(",") { maximum = peek == "}" ? nil : parseNumber() ?? -1 }
        guard next("}"), maximum != -1 else {
            at = start
            return nil
        }
        guard minimum <= Self.maximumRepetition, (maximum ?? 0) <= Self.maximumRepetition,
            minimum <= (maximum ?? .max)
        else { throw error("invalid repeat count: `\(text(from: start))`", from: start) }
        return (minimum, maximum)
    }

    private mutating func parseNumber() -> Int? {
        let start = at
        var value = 0
        while let scalar = peek, scalar.value >= 0x30, scalar.value <= 0x39 {
            value = min(value * 10 + Int(scalar.value - 0x30), 1_000_000)
            at += 1
        }
        return at == start ? nil : value
    }

    // MARK: Reading

    var peek: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

    mutating func next(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        at += 1
        return true
    }

    func text(from start: Int, to end: Int? = nil) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[start..<(end ?? at)])
        return String(view)
    }

    func error(_ message: String, from place: Int, code: PatternError.Code = .syntax) -> PatternError {
        PatternError(code, message, at: scalars[..<place].reduce(0) { $0 + UTF8.width($1) })
    }
}
