internal import Glibc

/// How a report is drawn: with icons and colour for a person at a terminal, or plain for a program.
enum ReportStyle {
    case terminal
    case plain

    /// What fits standard output: `terminal` if it is one, TERM is not `dumb`, and NO_COLOR is not set.
    static var ofStandardOutput: ReportStyle {
        let noColor = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
        let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? true
        return isatty(STDOUT_FILENO) == 1 && !noColor && !isDumb ? .terminal : .plain
    }

    /// The status: an icon, or its name filled up to the length of the longest.
    func mark(_ status: TaskStatus) -> String {
        switch self {
        case .terminal: colour(status.icon, status.colour)
        case .plain: status.rawValue.padded(to: 11)
        }
    }

    /// `text` as a heading.
    func bold(_ text: String) -> String { colour(text, 1) }

    /// `text` as a side remark.
    func dim(_ text: String) -> String { colour(text, 2) }

    /// `text` in the colour of `status`.
    func coloured(_ text: String, as status: TaskStatus) -> String { colour(text, status.colour) }

    private func colour(_ text: String, _ code: Int) -> String {
        switch self {
        case .terminal: "\u{1b}[\(code)m\(text)\u{1b}[0m"
        case .plain: text
        }
    }
}

extension TaskStatus {
    fileprivate var icon: String {
        switch self {
        case .pending: "○"
        case .inProgress: "◐"
        case .completed: "●"
        case .blocked: "✖"
        }
    }

    fileprivate var colour: Int {
        switch self {
        case .pending: 37
        case .inProgress: 33
        case .completed: 32
        case .blocked: 31
        }
    }
}

extension String {
    /// Filled with spaces on the right up to `width` characters.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

    /// Filled with spaces on the left up to `width` characters.
    func aligned(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }

    /// Broken between words into lines of at most `width` characters, where words allow.
    func wrapped(to width: Int) -> [String] {
        var lines: [String] = []
        for word in split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
