extension PatternParser {
    // MARK: Escapes

    /// Behind a backslash, outside of brackets.
    mutating func parseEscape(from start: Int) throws(PatternError) -> PatternNode {
        guard let scalar = peek else { throw error("trailing backslash at end of expression", from: start) }
        switch scalar {
        case "A": return take(.assertion(.textStart))
        case "z": return take(.assertion(.textEnd))
        case "b": return take(.assertion(.wordBoundary))
        case "B": return take(.assertion(.noWordBoundary))
        case "Q": return parseQuoted()
        default:
            if let set = try parseNamedSet(from: start) { return .set(set) }
            return literal(try parseEscapedScalar(from: start))
        }
    }

    private mutating func take(_ node: PatternNode) -> PatternNode {
        at += 1
        return node
    }

    /// `\Q…\E`: everything is literal.
    private mutating func parseQuoted() -> PatternNode {
        at += 1
        var parts: [PatternNode] = []
        while let scalar = peek {
            if scalar == "\\", at + 1 < scalars.count, scalars[at + 1] == "E" {
                at += 2
                break
            }
            parts.append(literal(scalar.value))
            at += 1
        }
        return .sequence(parts)
    }

    /// `\d \D \s \S \w \W \pL \PL \p{Lu}`; nil, and nothing read, for other escapes.
    private mutating func parseNamedSet(from start: Int) throws(PatternError) -> ScalarSet? {
        guard let scalar = peek else { return nil }
        let sets: [Unicode.Scalar: ScalarSet] = ["d": .digits, "s": .blanks, "w": .words]
        if let set = sets[scalar] {
            at += 1
            return set
        }
        if let set = sets[Unicode.Scalar(scalar.value | 0x20) ?? scalar] {
            at += 1
            return set.inverted
        }
        guard scalar == "p" || scalar == "P" else { return nil }
        at += 1
        var name = ""
        var isNegated = scalar == "P"
        if next("{") {
            if next("^") { isNegated.toggle() }
            let nameStart = at
            while let inside = peek, inside != "}" {
                _ = inside
                at += 1
            }
            name = text(from: nameStart)
            guard next("}") else { throw error("invalid character class range: `\(text(from: start))`", from: start) }
        } else if let letter = peek {
            at += 1
            name = String(letter)
        }
        guard let set = ScalarSet.category(name) else {
            throw error("invalid character class range: `\(text(from: start))`", from: start, code: .unsupported)
        }
        return isNegated ? set.inverted : set
    }

    /// The scalar that an escape stands for; the backslash is read.
    private mutating func parseEscapedScalar(from start: Int) throws(PatternError) -> UInt32 {
        guard let scalar = peek else { throw error("trailing backslash at end of expression", from: start) }
        at += 1
        switch scalar {
        case "a": return 7
        case "f": return 0x0c
        case "n": return 0x0a
        case "r": return 0x0d
        case "t": return 0x09
        case "v": return 0x0b
        case "x": return try parseHex(from: start)
        case "0"..."7":
            // \123 is octal; a single \1 would be a back reference.
            var digits = String(scalar)
            while digits.count < 3, let digit = peek, ("0"..."7").contains(digit) {
                digits.unicodeScalars.append(digit)
                at += 1
            }
            guard scalar == "0" || digits.count > 1, let value = UInt32(digits, radix: 8) else { break }
            return value
        default:
            if scalar.value < 128, !ScalarSet.isWord(scalar.value) { return scalar.value }
        }
        throw error("invalid escape sequence: `\(text(from: start))`", from: start)
    }

    private mutating func parseHex(from start: Int) throws(PatternError) -> UInt32 {
        var digits = ""
        if next("{") {
            while let digit = peek, digit != "}" {
                digits.unicodeScalars.append(digit)
                at += 1
            }
            guard next("}") else { throw error("invalid escape sequence: `\(text(from: start))`", from: start) }
        } else {
            while digits.count < 2, let digit = peek {
                digits.unicodeScalars.append(digit)
                at += 1
            }
            guard digits.count == 2 else {
                throw error("invalid escape sequence: `\(text(from: start))`", from: start)
            }
        }
        guard let value = UInt32(digits, radix: 16), value <= ScalarSet.last, !digits.hasPrefix("+") else {
            throw error("invalid escape sequence: `\(text(from: start))`", from: start)
        }
        return value
    }

    // MARK: Brackets

    /// Behind `[`.
    mutating func parseClass(from start: Int) throws(PatternError) -> ScalarSet {
        let isNegated = next("^")
        var ranges: [ClosedRange<UInt32>] = []
        var isFirst = true
        while peek != "]" || isFirst {
            guard peek != nil else {
                throw error("missing closing ]: `\(text(from: start, to: scalars.count))`", from: start)
            }
            isFirst = false
            ranges += try parseClassItem()
        }
        at += 1
        var set = ScalarSet(ranges)
        if flags.ignoresCase { set = set.caseFolded }
        return isNegated ? set.inverted : set
    }

    /// A named set, a scalar or a range.
    private mutating func parseClassItem() throws(PatternError) -> [ClosedRange<UInt32>] {
        let start = at
        if let set = try parsePosixSet() { return set.ranges }
        if next("\\") {
            if let set = try parseNamedSet(from: start) { return set.ranges }
            at = start
        }
        let low = try parseClassScalar()
        let afterLow = at
        guard next("-"), let after = peek, after != "]" else {
            at = afterLow
            return [low...low]
        }
        let high = try parseClassScalar()
        guard low <= high else {
            throw error("invalid character class range: `\(text(from: start))`", from: start)
        }
        return [low...high]
    }

    private mutating func parseClassScalar() throws(PatternError) -> UInt32 {
        let start = at
        guard let scalar = peek else {
            throw error("missing closing ]: `\(text(from: start, to: scalars.count))`", from: start)
        }
        at += 1
        return scalar == "\\" ? try parseEscapedScalar(from: start) : scalar.value
    }

    /// `[:alpha:]` and `[:^alpha:]`; nil, and nothing read, for anything else.
    private mutating func parsePosixSet() throws(PatternError) -> ScalarSet? {
        let start = at
        guard next("["), next(":") else {
            at = start
            return nil
        }
        let isNegated = next("^")
        let nameStart = at
        while let scalar = peek, scalar.value < 128, scalar.properties.isAlphabetic { at += 1 }
        let name = text(from: nameStart)
        guard next(":"), next("]") else {
            at = start
            return nil
        }
        guard let set = Self.posix[name] else {
            throw error("invalid character class range: `\(text(from: start))`", from: start)
        }
        return isNegated ? set.inverted : set
    }

    private static let posix: [String: ScalarSet] = [
        "alnum": ScalarSet([0x30...0x39, 0x41...0x5a, 0x61...0x7a]), "alpha": ScalarSet([0x41...0x5a, 0x61...0x7a]),
        "ascii": ScalarSet([0...0x7f]), "blank": ScalarSet([0x09...0x09, 0x20...0x20]),
        "cntrl": ScalarSet([0...0x1f, 0x7f...0x7f]), "digit": .digits, "graph": ScalarSet([0x21...0x7e]),
        "lower": ScalarSet([0x61...0x7a]), "print": ScalarSet([0x20...0x7e]),
        "punct": ScalarSet([0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e]),
        "space": ScalarSet([0x09...0x0d, 0x20...0x20]), "upper": ScalarSet([0x41...0x5a]), "word": .words,
        "xdigit": ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66]),
    ]
}
