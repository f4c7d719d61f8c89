public import Model

/// Instants and durations as clients of Prometheus write them.
public enum TimeText {
    /// Beyond this many seconds from the epoch nothing is an instant.
    private static let limit = 1e14

    /// `1435781451.781` or `2015-07-01T20:10:51.781Z`.
    public static func instant(_ text: String) -> Timestamp? {
        if let seconds = Double(text) {
            return seconds.isFinite && seconds.magnitude < limit ? Timestamp(seconds: seconds) : nil
        }
        return rfc3339(text)
    }

    /// `15`, `0.5` (seconds) or `1h30m`.
    public static func duration(_ text: String) -> Duration? {
        if let seconds = Double(text) {
            guard seconds.isFinite, seconds.magnitude < 9.2e9 else { return nil }
            return .milliseconds(Int64((seconds * 1000).rounded()))
        }
        // What is wrong with it is told by the caller, with the parameter's name.
        return (try? NumberText.duration(text)).flatMap { $0 }.map { .milliseconds($0) }
    }

    /// `2015-07-01T20:10:51.781Z`.
    public static func rfc3339(_ instant: Timestamp) -> String {
        let whole = Int(instant.milliseconds / 1000) - (instant.milliseconds % 1000 < 0 ? 1 : 0)
        let date = CivilDate(secondsSinceEpoch: whole)
        let milliseconds = Int(instant.milliseconds) - whole * 1000
        let second = ((whole % 60) + 60) % 60
        func padded(_ value: Int, _ digits: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        let day = [padded(date.year, 4), padded(date.month, 2), padded(date.day, 2)].joined(separator: "-")
        let time = [padded(date.hour, 2), padded(date.minute, 2), padded(second, 2)].joined(separator: ":")
        return "\(day)T\(time).\(padded(milliseconds, 3))Z"
    }

    private static func rfc3339(_ text: String) -> Timestamp? {
        var rest = Array(text.utf8)[...]
        func number(_ digits: Int) -> Int? {
            guard rest.count >= digits, rest.prefix(digits).allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
            defer { rest = rest.dropFirst(digits) }
            return rest.prefix(digits).reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        func skip(_ characters: String) -> Bool {
            guard let first = rest.first, characters.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        guard let year = number(4), skip("-"), let month = number(2), skip("-"), let day = number(2), skip("Tt "),
            let hour = number(2), skip(":"), let minute = number(2), skip(":"), let second = number(2),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        var milliseconds = 0
        if skip(".") {
            let digits = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }
            guard !digits.isEmpty else { return nil }
            milliseconds = (digits + [0x30, 0x30]).prefix(3).reduce(0) { $0 * 10 + Int($1 - 0x30) }
            rest = rest.dropFirst(digits.count)
        }
        var offset = 0
        if !skip("Zz") {
            let isBehind = rest.first == UInt8(ascii: "-")
            guard skip("+-"), let hours = number(2), skip(":"), let minutes = number(2) else { return nil }
            offset = (hours * 60 + minutes) * (isBehind ? -60 : 60)
        }
        guard rest.isEmpty else { return nil }
        let seconds = CivilDate.days(year: year, month: month, day: day) * 86400 + hour * 3600 + minute * 60 + second
        return Timestamp(milliseconds: Int64((seconds - offset) * 1000 + milliseconds))
    }
}
