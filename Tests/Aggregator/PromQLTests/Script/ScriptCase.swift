import Model
import PromQL

/// An `eval` command: a query, when, and what it must answer.
struct ScriptCase {
    enum Time {
        case instant(Int64)
        case range(start: Int64, end: Int64, step: Int64)
    }

    /// What a message must be.
    enum Wanted {
        case anything
        case text(String)
        case pattern(String)

        func accepts(_ message: String) -> Bool {
            switch self {
            case .anything: true
            case .text(let text): message.contains(text)
            case .pattern(let pattern): (try? Regex(pattern)).map { message.contains($0) } ?? false
            }
        }
    }

    var line: Int
    var query: String
    var time: Time
    var series: [ScriptSeries] = []
    var scalar: Double?
    var string: String?
    var failure: Wanted?
    var isOrdered = false
    var warning: Wanted?
    var info: Wanted?
    var allowsNoWarning = false
    var allowsNoInfo = false
    /// The grid of an expected range vector.
    var matrix: (start: Int64, end: Int64, step: Int64)?
    /// Whether native histograms are expected.
    var isNative = false

    init(_ text: String, _ number: Int, _ block: [(number: Int, text: String)]) throws {
        line = number
        var words = text.split(separator: " ", maxSplits: 1).map(String.init)
        let command = words[0]
        var rest = PromQLScript.trimmed(words[1])[...]
        func word() -> String {
            rest = rest.drop { $0 == " " }
            let word = rest.prefix { $0 != " " }
            rest = rest.dropFirst(word.count).drop { $0 == " " }
            return String(word)
        }
        func time(after keyword: String) throws -> Int64 {
            let (found, value) = (word(), word())
            guard found == keyword, let time = PromQLScript.duration(value) else {
                throw PromQLScript.Mistake(line: number, problem: "expected \(keyword) and a duration: \(text)")
            }
            return time
        }
        if word() == "instant" {
            self.time = .instant(try time(after: "at"))
        } else {
            self.time = .range(
                start: try time(after: "from"), end: try time(after: "to"), step: try time(after: "step"))
        }
        query = String(rest)
        words = []
        switch command {
        case "eval_fail": failure = .anything
        case "eval_warn": warning = .anything
        case "eval_info": info = .anything
        case "eval_ordered": isOrdered = true
        default: break
        }
        for entry in block { try read(entry.text, entry.number) }
    }

    private mutating func read(_ text: String, _ number: Int) throws {
        if text.hasPrefix("expect "), !text.hasPrefix("expect {") {
            try readExpectation(String(text.dropFirst(7)), number)
        } else if let value = SeriesNotation.number(text) {
            scalar = value
        } else if text.hasPrefix("expected_fail_message ") {
            failure = .text(String(text.dropFirst(22)))
        } else if text.hasPrefix("expected_fail_regexp ") {
            failure = .pattern(String(text.dropFirst(21)))
        } else {
            let one = try ScriptSeries(text, line: number, interval: 0)
            isNative = isNative || one.isNative
            series.append(one)
        }
    }

    private mutating func readExpectation(_ text: String, _ number: Int) throws {
        let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
        let rest = parts.count > 1 ? PromQLScript.trimmed(parts[1]) : ""
        var wanted = Wanted.anything
        if rest.hasPrefix("msg:") { wanted = .text(PromQLScript.trimmed(rest.dropFirst(4))) }
        if rest.hasPrefix("regex:") { wanted = .pattern(PromQLScript.trimmed(rest.dropFirst(6))) }
        switch parts[0] {
        case "fail": failure = wanted
        case "warn": warning = wanted
        case "info": info = wanted
        case "no_warn": allowsNoWarning = true
        case "no_info": allowsNoInfo = true
        case "ordered": isOrdered = true
        case "string": string = String(rest.dropFirst().dropLast())
        case "range":
            let words = rest.split(separator: " ").map(String.init)
            guard words.count == 7, let start = PromQLScript.duration(words[2]),
                let end = PromQLScript.duration(words[4]), let step = PromQLScript.duration(words[6])
            else { throw PromQLScript.Mistake(line: number, problem: "bad range vector: \(text)") }
            matrix = (start, end, step)
        default: throw PromQLScript.Mistake(line: number, problem: "unknown expectation: \(text)")
        }
    }
}
