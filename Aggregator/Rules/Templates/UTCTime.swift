internal import Model

/// An instant as a calendar shows it, in UTC.
struct UTCTime {
    let year: Int64
    let month: Int64
    let day: Int64
    let hour: Int64
    let minute: Int64
    let second: Int64
    let millisecond: Int64

    /// By the civil-from-days algorithm (Howard Hinnant, "chrono-compatible low-level date algorithms").
    init(_ timestamp: Timestamp) {
        let milliseconds = timestamp.milliseconds
        let days = Self.floored(milliseconds, 86_400_000)
        let inDay = milliseconds - days * 86_400_000
        (hour, minute) = (inDay / 3_600_000, inDay / 60_000 % 60)
        (second, millisecond) = (inDay / 1000 % 60, inDay % 1000)
        let shifted = days + 719_468
        let era = Self.floored(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// `2006-01-02`.
    var date: String { "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))" }
    /// `15:04:05`.
    var time: String { "\(Self.padded(hour, 2)):\(Self.padded(minute, 2)):\(Self.padded(second, 2))" }

    static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func floored(_ number: Int64, _ by: Int64) -> Int64 {
        number >= 0 ? number / by : (number - by + 1) / by
    }
}
