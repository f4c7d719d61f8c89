import Model

/// A line `metric{label="value"} 1 2+3x4 _ stale`: labels and values, nil for none.
struct ScriptSeries {
    var labels: Labels
    var values: [Double?]
    /// Milliseconds between values.
    var interval: Int64
    /// Whether a value is a native histogram.
    var isNative = false

    init(_ line: String, line number: Int, interval: Int64) throws {
        self.interval = interval
        func mistake(_ problem: String) -> PromQLScript.Mistake { .init(line: number, problem: "\(problem): \(line)") }
        var rest = line[...]
        let name = rest.prefix { !"{ \t".contains($0) }
        var found: [Label] = []
        rest = rest.dropFirst(name.count)
        if rest.first == "{", !rest.hasPrefix("{{") || !name.isEmpty {
            rest = rest.dropFirst()
            found = try Self.labels(&rest) ?? { throw mistake("bad labels") }()
        }
        if !name.isEmpty { found.append(Label(Labels.metricName, String(name))) }
        labels = Labels(found)
        values = []
        var text = PromQLScript.trimmed(rest)[...]
        while !text.isEmpty {
            if text.hasPrefix("{{") {
                isNative = true
                repeat {
                    guard let end = text.firstRange(of: "}}") else { throw mistake("unclosed histogram") }
                    text = text[end.upperBound...]
                } while text.hasPrefix("+{{") || text.hasPrefix("-{{")
                text = text.drop { $0 != " " && $0 != "\t" }
            } else {
                let word = text.prefix { $0 != " " && $0 != "\t" }
                guard let more = Self.values(String(word)) else { throw mistake("bad value \(word)") }
                values += more
                text = text.dropFirst(word.count)
            }
            text = text.drop { $0 == " " || $0 == "\t" }
        }
    }

    /// Behind the opening brace; nil if it is not what it should be.
    private static func labels(_ rest: inout Substring) throws -> [Label]? {
        var result: [Label] = []
        while true {
            rest = rest.drop { $0 == " " || $0 == "," }
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
            rest = rest.drop { $0 == " " }
            guard rest.first == "=" else { return nil }
            rest = rest.dropFirst().drop { $0 == " " }
            guard let value = string(&rest) else { return nil }
            result.append(Label(name, value))
        }
    }

    private static func string(_ rest: inout Substring) -> String? {
        guard rest.first == "\"" else { return nil }
        rest = rest.dropFirst()
        var result = ""
        while let character = rest.popFirst() {
            if character == "\"" { return result }
            if character == "\\", let escaped = rest.popFirst() {
                result.append(escaped == "n" ? "\n" : escaped)
            } else {
                result.append(character)
            }
        }
        return nil
    }

    /// `1`, `_x3`, `1x4`, `1+2x4`, `stale`.
    private static func values(_ word: String) -> [Double?]? {
        if word == "_" { return [nil] }
        if word == "stale" { return [.stale] }
        if word.hasPrefix("_x") { return Int(word.dropFirst(2)).map { Array(repeating: nil, count: $0) } }
        guard let (start, rest) = number(word[...]) else { return nil }
        if rest.isEmpty { return [start] }
        if rest.first == "x" {
            return Int(rest.dropFirst()).map { Array(repeating: start, count: $0 + 1) }
        }
        guard let (step, times) = number(rest), times.first == "x", let count = Int(times.dropFirst()) else {
            return nil
        }
        var value = start
        return (0...count).map { index in
            defer { value += step }
            return value
        }
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

    /// The number that is all of `text`.
    static func number(all text: String) -> Double? {
        guard let (value, rest) = number(text[...]), rest.isEmpty else { return nil }
        return value
    }
}
