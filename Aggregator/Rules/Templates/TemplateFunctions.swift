internal import Model

/// The functions of templates, as Go (`text/template/funcs.go`) and Prometheus (`template/template.go`) define them.
enum TemplateFunctions {
    /// Each function, and how many arguments it takes.
    static let arities: [String: ClosedRange<Int>] = [
        "printf": 1...Int.max, "print": 0...Int.max, "humanize": 1...1, "humanize1024": 1...1,
        "humanizeDuration": 1...1, "humanizePercentage": 1...1, "humanizeTimestamp": 1...1, "title": 1...1,
        "toUpper": 1...1, "toLower": 1...1, "index": 2...2, "len": 1...1, "externalURL": 0...0, "stripPort": 1...1,
        "eq": 2...2, "ne": 2...2, "lt": 2...2, "le": 2...2, "gt": 2...2, "ge": 2...2, "and": 2...Int.max,
        "or": 2...Int.max, "not": 1...1,
    ]

    /// Prometheus functions that are left out, and what to do instead.
    static let refused: [String: String] = [
        "query": "a template cannot query here; put what is needed into the expression",
        "first": "a template cannot query here; put what is needed into the expression",
        "value": "a template cannot query here; use $value",
        "label": "a template cannot query here; use $labels.name",
        "sortByLabel": "a template cannot query here; put what is needed into the expression",
        "reReplaceAll": "patterns are not supported in templates; use label_replace in the expression",
        "match": "patterns are not supported in templates; use a matcher in the expression",
    ]

    static func call(_ name: String, _ arguments: [TemplateValue]) throws(RulesError) -> TemplateValue {
        switch name {
        case "printf": return .string(try GoFormat.printf(arguments[0].text, Array(arguments.dropFirst())))
        case "print": return .string(arguments.map(\.text).joined())
        case "humanize": return .string(humanize(try number(name, arguments[0])))
        case "humanize1024": return .string(humanize1024(try number(name, arguments[0])))
        case "humanizeDuration": return .string(humanizeDuration(try number(name, arguments[0])))
        case "humanizePercentage": return .string(GoFormat.general(try number(name, arguments[0]) * 100, 4) + "%")
        case "humanizeTimestamp": return .string(humanizeTimestamp(try number(name, arguments[0])))
        case "title": return .string(title(arguments[0].text))
        case "toUpper": return .string(arguments[0].text.uppercased())
        case "toLower": return .string(arguments[0].text.lowercased())
        case "stripPort": return .string(stripPort(arguments[0].text))
        case "len": return .integer(length(arguments[0]))
        case "index":
            guard case .labels(let labels) = arguments[0], case .string(let key) = arguments[1] else {
                throw RulesError(.template, "index takes $labels and the name of a label")
            }
            return .string(labels[key] ?? "")
        case "not": return .boolean(!arguments[0].isTrue)
        case "and": return arguments.first { !$0.isTrue } ?? arguments[arguments.count - 1]
        case "or": return arguments.first { $0.isTrue } ?? arguments[arguments.count - 1]
        default: return .boolean(try compare(name, arguments[0], arguments[1]))
        }
    }

    // MARK: Comparison

    private static func compare(
        _ name: String, _ left: TemplateValue, _ right: TemplateValue
    ) throws(RulesError) -> Bool {
        if case .string(let left) = left, case .string(let right) = right { return ordered(name, left, right) }
        if case .boolean(let left) = left, case .boolean(let right) = right, name == "eq" || name == "ne" {
            return (left == right) == (name == "eq")
        }
        if let left = plainNumber(left), let right = plainNumber(right) { return ordered(name, left, right) }
        throw RulesError(.template, "\(name) compares two numbers or two strings, not one of each")
    }

    private static func plainNumber(_ value: TemplateValue) -> Double? {
        if case .string = value { return nil }
        return value.number
    }

    private static func ordered<Value: Comparable>(_ name: String, _ left: Value, _ right: Value) -> Bool {
        switch name {
        case "eq": left == right
        case "ne": left != right
        case "lt": left < right
        case "le": left <= right
        case "gt": left > right
        default: left >= right
        }
    }

    private static func number(_ name: String, _ value: TemplateValue) throws(RulesError) -> Double {
        guard let number = value.number else {
            throw RulesError(.template, "\(name) takes a number, not \"\(value.text)\"")
        }
        return number
    }

    private static func length(_ value: TemplateValue) -> Int64 {
        if case .labels(let labels) = value { return Int64(labels.count) }
        return Int64(value.text.utf8.count)
    }

    // MARK: Words for people

    static func humanize(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return GoFormat.general(value, 4) }
        var value = value
        var prefix = ""
        if abs(value) >= 1 {
            for next in ["k", "M", "G", "T", "P", "E", "Z", "Y"] where abs(value) >= 1000 {
                prefix = next
                value /= 1000
            }
        } else {
            (value, prefix) = small(value)
        }
        return GoFormat.general(value, 4) + prefix
    }

    private static func small(_ value: Double) -> (Double, String) {
        var value = value
        var prefix = ""
        for next in ["m", "u", "n", "p", "f", "a", "z", "y"] where abs(value) < 1 {
            prefix = next
            value *= 1000
        }
        return (value, prefix)
    }

    static func humanize1024(_ value: Double) -> String {
        guard abs(value) > 1, value.isFinite else { return GoFormat.general(value, 4) }
        var value = value
        var prefix = ""
        for next in ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"] where abs(value) >= 1024 {
            prefix = next
            value /= 1024
        }
        return GoFormat.general(value, 4) + prefix
    }

    static func humanizeDuration(_ value: Double) -> String {
        guard value.isFinite else { return GoFormat.general(value, 4) }
        guard value != 0 else { return "0s" }
        guard abs(value) >= 1 else {
            let (scaled, prefix) = small(value)
            return GoFormat.general(scaled, 4) + prefix + "s"
        }
        guard abs(value) < 9e15 else { return GoFormat.general(value, 4) + "s" }
        let sign = value < 0 ? "-" : ""
        let whole = Int64(abs(value))
        let (days, hours, minutes, seconds) = (whole / 86400, whole / 3600 % 24, whole / 60 % 60, whole % 60)
        if days > 0 { return "\(sign)\(days)d \(hours)h \(minutes)m \(seconds)s" }
        if hours > 0 { return "\(sign)\(hours)h \(minutes)m \(seconds)s" }
        if minutes > 0 { return "\(sign)\(minutes)m \(seconds)s" }
        return sign + GoFormat.general(abs(value), 4) + "s"
    }

    /// `2006-01-02 15:04:05 +0000 UTC`, with the fraction that a number of seconds has.
    static func humanizeTimestamp(_ seconds: Double) -> String {
        guard seconds.isFinite, abs(seconds) < 2.5e11 else { return GoFormat.general(seconds, 4) }
        let instant = CalendarTime(Timestamp(seconds: seconds))
        let fraction = instant.millisecond == 0 ? "" : "." + trimmedZeros(CalendarTime.padded(instant.millisecond, 3))
        return "\(instant.date) \(instant.time)\(fraction) +0000 UTC"
    }

    private static func trimmedZeros(_ digits: String) -> String {
        var digits = digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return digits
    }

    private static func title(_ text: String) -> String {
        var result = ""
        var atStart = true
        for character in text {
            result += atStart ? character.uppercased() : String(character)
            atStart = !(character.isLetter || character.isNumber || character == "_" || character == "'")
        }
        return result
    }

    /// `host:port` → `host`, `[address]:port` → `address`; anything else as it is.
    private static func stripPort(_ text: String) -> String {
        guard let colon = text.lastIndex(of: ":"), text[text.index(after: colon)...].allSatisfy(\.isNumber) else {
            return text
        }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { return String(host.dropFirst().dropLast()) }
        return host.contains(":") ? text : String(host)
    }
}
