public import Model

/// Prometheus's notation of a series in tests: `metric{label="value"} 1 2+3x4 _ _x5 stale`.
public struct SeriesNotation: Hashable, Sendable {
    /// The most values one line may stand for.
    public static let maximumValues = 1_000_000

    /// With `__name__`.
    public var labels: Labels
    /// One per interval; nil for none.
    public var values: [Double?]
    /// Whether a value is a native histogram; these are left out of `values`.
    public var isNative: Bool

    /// Reads labels and values of one line.
    public init(_ line: String) throws(QueryError) {
        var rest = line[...]
        labels = try Self.labels(&rest)
        (values, isNative) = try Self.values(of: rest)
    }

    /// Reads `metric{label="value"}`.
    public static func labels(_ text: String) throws(QueryError) -> Labels {
        var rest = text[...]
        let labels = try labels(&rest)
        guard rest.allSatisfy({ blanks.contains($0) }) else { throw problem("\"\(rest)\" after the labels", text[...]) }
        return labels
    }

    /// Reads `1 2+3x4 _ stale`. Native histograms are refused.
    public static func values(_ text: String) throws(QueryError) -> [Double?] {
        let (values, isNative) = try values(of: text[...])
        if isNative { throw problem("native histograms are not supported", text[...]) }
        return values
    }

    /// The number that is all of `text`.
    public static func number(_ text: String) -> Double? {
        guard let (value, rest) = number(text[...]), rest.isEmpty else { return nil }
        return value
    }

    // MARK: Labels

    private static let blanks: Set<Character> = [" ", "\t", "\n", "\r\n"]

    private static func problem(_ what: String, _ text: Substring) -> QueryError {
        QueryError(.badData, "\(what): \(text.prefix(200))")
    }

    private static func labels(_ rest: inout Substring) throws(QueryError) -> Labels {
        let text = rest
        rest = rest.drop { blanks.contains($0) }
        let name = rest.prefix { !"{ \t\n".contains($0) }
        var found: [Label] = []
        rest = rest.dropFirst(name.count)
        if rest.first == "{", !rest.hasPrefix("{{") || !name.isEmpty {
            rest = rest.dropFirst()
            guard let pairs = pairs(&rest) else { throw problem("bad labels", text) }
            found = pairs
        }
        if !name.isEmpty { found.append(Label(Labels.metricName, String(name))) }
        return Labels(found)
    }

    /// Behind the opening brace; nil if it is not what it should be.
    private static func pairs(_ rest: inout Substring) -> [Label]? {
        var result: [Label] = []
        while true {
            rest = rest.drop { blanks.contains($0) || $0 == "," }
            if rest.first == "}" {
                rest = rest.dropFirst()
                return result
            }
            let name: String
            if rest.first == "\"" {
                guard let quoted = string(&rest) else { return nil }
                name = quoted
            } else {
                let plain = rest.prefix { !" =".contains($0) }
                name = String(plain)
                rest = rest.dropFirst(plain.count)
            }
            rest = rest.drop { blanks.contains($0) }
            guard rest.first == "=" else { return nil }
            rest = rest.dropFirst().drop { blanks.contains($0) }
            guard let value = string(&rest) else { return nil }
            result.append(Label(name, value))
        }
    }

    private static func string(_ rest: inout Substring) -> String? {
        guard let quote = rest.first, quote == "\"" || quote == "'" else { return nil }
        rest = rest.dropFirst()
        var result = ""
        while let character = rest.popFirst() {
            if character == quote { return result }
            if character == "\\", let escaped = rest.popFirst() {
                result.append(escaped == "n" ? "\n" : escaped)
            } else {
                result.append(character)
            }
        }
        return nil
    }

    // MARK: Values

    private static func values(of rest: Substring) throws(QueryError) -> (values: [Double?], isNative: Bool) {
        var values: [Double?] = []
        var isNative = false
        var text = rest.drop { blanks.contains($0) }
        while !text.isEmpty {
            if text.hasPrefix("{{") {
                isNative = true
                repeat {
                    guard let end = text.firstRange(of: "}}") else { throw problem("an unclosed histogram", rest) }
                    text = text[end.upperBound...]
                } while text.hasPrefix("+{{") || text.hasPrefix("-{{")
                text = text.drop { !blanks.contains($0) }
            } else {
                let word = text.prefix { !blanks.contains($0) }
                guard let more = Self.values(word: word) else { throw problem("bad value \(word)", rest) }
                values += more
                text = text.dropFirst(word.count)
            }
            guard values.count <= maximumValues else {
                throw problem("more than \(maximumValues) values", rest)
            }
            text = text.drop { blanks.contains($0) }
        }
        return (values, isNative)
    }

    /// `1`, `_x3`, `1x4`, `1+2x4`, `stale`.
    private static func values(word: Substring) -> [Double?]? {
        if word == "_" { return [nil] }
        if word == "stale" { return [.stale] }
        if word.hasPrefix("_x") { return times(word.dropFirst(2)).map { Array(repeating: nil, count: $0) } }
        guard let (start, rest) = number(word) else { return nil }
        if rest.isEmpty { return [start] }
        if rest.first == "x" { return times(rest.dropFirst()).map { Array(repeating: start, count: $0 + 1) } }
        guard let (step, end) = number(rest), end.first == "x", let count = times(end.dropFirst()) else { return nil }
        var value = start
        return (0...count).map { _ in
            defer { value += step }
            return value
        }
    }

    private static func times(_ text: Substring) -> Int? {
        Int(text).flatMap { (0...maximumValues).contains($0) ? $0 : nil }
    }

    /// A number at the start of `text`, and what follows it.
    private static func number(_ text: Substring) -> (Double, Substring)? {
        let isNegative = text.first == "-"
        var rest = isNegative || text.first == "+" ? text.dropFirst() : text
        for (word, value) in [("inf", Double.infinity), ("nan", Double.nan)] where rest.prefix(3).lowercased() == word {
            return (isNegative ? -value : value, rest.dropFirst(3))
        }
        var digits = ""
        while let character = rest.first, character.isNumber || character == "." {
            digits.append(character)
            rest.removeFirst()
        }
        if let mark = rest.first, mark == "e" || mark == "E" {
            var exponent = "e"
            var after = rest.dropFirst()
            if let sign = after.first, sign == "+" || sign == "-" {
                exponent.append(sign)
                after.removeFirst()
            }
            let power = after.prefix { $0.isNumber }
            if !power.isEmpty {
                digits += exponent + power
                rest = after.dropFirst(power.count)
            }
        }
        if digits.hasPrefix(".") { digits = "0" + digits }
        if digits.hasSuffix(".") { digits += "0" }
        guard let value = Double(digits) else { return nil }
        return (isNegative ? -value : value, rest)
    }
}
