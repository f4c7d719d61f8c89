import Model

/// A file in the language of Prometheus's own PromQL tests, read into commands.
struct PromQLScript {
    enum Command {
        case clear
        case load([ScriptSeries], isNativeToo: Bool)
        case evaluate(ScriptCase)
    }

    struct Mistake: Error, CustomStringConvertible {
        var line: Int
        var problem: String
        var description: String { "line \(line): \(problem)" }
    }

    var commands: [Command] = []

    init(_ text: String) throws {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            let trimmed = Self.trimmed(line)
            return trimmed.hasPrefix("#") ? "" : trimmed
        }
        var at = 0
        while at < lines.count {
            let line = lines[at]
            let number = at + 1
            at += 1
            if line.isEmpty { continue }
            if line == "clear" {
                commands.append(.clear)
                continue
            }
            var block: [(number: Int, text: String)] = []
            while at < lines.count, !lines[at].isEmpty {
                block.append((at + 1, lines[at]))
                at += 1
            }
            if line.hasPrefix("load") {
                commands.append(try Self.load(line, number, block))
            } else if line.hasPrefix("eval") {
                commands.append(.evaluate(try ScriptCase(line, number, block)))
            } else {
                throw Mistake(line: number, problem: "unknown command: \(line)")
            }
        }
    }

    private static func load(_ line: String, _ number: Int, _ block: [(number: Int, text: String)]) throws -> Command {
        let words = line.split(separator: " ")
        guard words.count == 2, let interval = duration(String(words[1])) else {
            throw Mistake(line: number, problem: "load wants an interval")
        }
        // Of two lines for one series the later one counts.
        var series: [Labels: ScriptSeries] = [:]
        for entry in block {
            let one = try ScriptSeries(entry.text, line: entry.number, interval: interval)
            series[one.labels] = one
        }
        return .load(Array(series.values), isNativeToo: words[0] == "load_with_nhcb")
    }

    static func trimmed(_ text: some StringProtocol) -> String {
        var view = Substring(text)
        while let first = view.first, first == " " || first == "\t" || first == "\r" { view.removeFirst() }
        while let last = view.last, last == " " || last == "\t" || last == "\r" { view.removeLast() }
        return String(view)
    }

    /// Milliseconds of `1h30m` or of a number of seconds.
    static func duration(_ text: String) -> Int64? {
        if let seconds = Double(text) { return Int64((seconds * 1000).rounded()) }
        let units: [String: Int64] = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        var rest = text[...]
        var total: Int64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isNumber }
            let unit = rest.dropFirst(digits.count).prefix { $0.isLetter }
            guard let count = Int64(digits), let size = units[String(unit)] else { return nil }
            total += count * size
            rest = rest.dropFirst(digits.count + unit.count)
        }
        return total
    }
}
