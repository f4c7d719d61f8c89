/// What is written between the marks of a line of Markdown.
enum MarkdownText {
    /// `text` without emphasis (`**`) and with links as their words; code stays as it is.
    static func plain(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let first = rest.first {
            if rest.hasPrefix("**") {
                rest = rest.dropFirst(2)
            } else if first == "`", let end = rest.dropFirst().firstIndex(of: "`") {
                result += rest[...end]
                rest = rest[rest.index(after: end)...]
            } else if first == "[", let link = link(rest) {
                result += plain(link.words)
                rest = link.after
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return result
    }

    /// `[words](target)` at the beginning of `text`.
    private static func link(_ text: Substring) -> (words: String, after: Substring)? {
        guard let close = text.firstIndex(of: "]") else { return nil }
        let target = text[text.index(after: close)...]
        guard target.first == "(", let end = target.firstIndex(of: ")") else { return nil }
        return (String(text.dropFirst().prefix(upTo: close)), target[target.index(after: end)...])
    }

    /// A heading without its number: `Alerts` of `4.2 Alerts` or `4. Alerts`.
    static func withoutNumber(_ heading: String) -> String {
        let number = heading.prefix { $0.isNumber || $0 == "." }
        guard number.contains("."), number.first?.isNumber == true else { return heading }
        return String(heading.dropFirst(number.count).trimmingPrefix { $0.isWhitespace })
    }

    /// What two spellings of a name share: letters in lower case, single spaces, no ticks.
    static func key(_ name: String) -> String {
        plain(name).lowercased().split { $0.isWhitespace || $0 == "`" }.joined(separator: " ")
    }

    /// The facts of a line such as `**Priority:** P0 · **Estimate:** 16 h`: keys of `known` in lower case, in order.
    /// nil if any part of it is something else.
    static func facts(_ text: String, known: Set<String>) -> [(key: String, value: String)]? {
        var facts: [(key: String, value: String)] = []
        for part in plain(text).split(whereSeparator: { "·|;".contains($0) }) {
            guard let colon = part.firstIndex(of: ":") else { return nil }
            let words = part[..<colon].split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased()
            guard known.contains(words) else { return nil }
            let value = part[part.index(after: colon)...].split(whereSeparator: \.isWhitespace)
            facts.append((words, value.joined(separator: " ")))
        }
        return facts.isEmpty ? nil : facts
    }
}
