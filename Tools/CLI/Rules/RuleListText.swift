import JSON
import Model
import Rules

/// Rules as lines for a terminal.
struct RuleListText {
    let lines: [String]

    /// - Parameter answer: that of `/api/v1/rules`.
    init(_ answer: JSONValue, onlyOverridden: Bool = false) {
        let rules = (answer["groups"]?.array ?? []).flatMap { $0["rules"]?.array ?? [] }
            .filter { $0["kind"]?.string == "alert" }
        let width = rules.map { ($0["name"]?.string ?? "").count }.max() ?? 0
        lines = rules.flatMap { rule -> [String] in
            let overrides = (rule["overrides"]?.array ?? []).map(Self.override)
            guard !onlyOverridden || !overrides.isEmpty else { return [] }
            return [Self.line(of: rule, width: width)] + overrides.map { "  \($0)" }
        }
    }

    /// What a rule is on a cluster, with who said so, when and why.
    static func override(_ override: JSONValue) -> String {
        let numbers = (override["parameters"]?.object ?? []).map { "\($0.0)=\(number($0.1))" }
        let isOn = override["enabled"]?.bool ?? true
        let what = isOn ? numbers : ["off"] + numbers
        let at = CalendarTime(Timestamp(milliseconds: override["at"]?.int64 ?? 0)).text
        let reason = override["reason"]?.string ?? ""
        return "on \(override["cluster"]?.string ?? "?"): \(what.joined(separator: ", ")), "
            + "by \(override["by"]?.string ?? "?") at \(at)" + (reason.isEmpty ? "" : ": \(reason)")
    }

    /// What is wrong with a rule file, with its place.
    static func problem(_ problem: JSONValue) -> String {
        let place = [problem["file"]?.string, problem["line"].map(number), problem["column"].map(number)]
        return place.compactMap { $0 }.joined(separator: ":")
            + ": \(problem["problem"]?.string ?? ""); \(problem["remedy"]?.string ?? "")"
    }

    private static func line(of rule: JSONValue, width: Int) -> String {
        let name = rule["name"]?.string ?? ""
        var parts = [
            (rule["severity"]?.string ?? "").padded(to: 8), name.padded(to: width),
        ]
        parts += (rule["parameters"]?.array ?? []).map {
            "\($0["name"]?.string ?? "")=\(number($0["value"] ?? .null))"
        }
        for state in ["firing", "pending", "missing"] {
            let clusters = (rule["clusters"]?.array ?? []).filter { $0["state"]?.string == state }
                .map { $0["cluster"]?.string ?? "no cluster" }
            if !clusters.isEmpty { parts.append("\(state): \(clusters.joined(separator: " "))") }
        }
        if let error = rule["lastError"]?.string { parts.append("error: \(error)") }
        return parts.joined(separator: "  ").trimmed
    }

    /// As people write it: 2, not 2.0.
    private static func number(_ value: JSONValue) -> String {
        guard let double = value.double else { return "?" }
        return Int64(exactly: double).map { "\($0)" } ?? "\(double)"
    }
}

extension String {
    /// Without spaces at its end.
    fileprivate var trimmed: String { String(reversed().drop { $0 == " " }.reversed()) }
}
