/// An instant as templates, mails and webhooks write it, in UTC.
package struct CalendarTime {
    private let year: Int64
    private let month: Int64
    private let day: Int64
    private let millisecondOfDay: Int64
    private let weekday: Int

    /// By the civil-from-days algorithm (Howard Hinnant, "chrono-compatible low-level date algorithms").
    package init(_ timestamp: Timestamp) {
        let days = Self.floored(timestamp.milliseconds, 86_400_000)
        millisecondOfDay = timestamp.milliseconds - days * 86_400_000
        let shifted = days + 719_468
        let era = Self.floored(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        weekday = Int(((days + 4) % 7 + 7) % 7)
    }

    /// RFC 3339 with milliseconds: `2026-11-24T13:45:07.250Z`.
    package var rfc3339: String {
        "\(date)T\(time).\(Self.padded(millisecond, 3))Z"
    }

    /// RFC 5322: `Tue, 24 Nov 2026 13:45:07 +0000`.
    package var rfc5322: String {
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return "\(days[weekday]), \(day) \(months[Int(month) - 1]) \(Self.padded(year, 4)) \(time) +0000"
    }

    /// For people: `2026-11-24 13:45:07 UTC`.
    package var text: String { "\(date) \(time) UTC" }

    /// `2026-11-24`.
    package var date: String { "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))" }

    /// Milliseconds within the second.
    package var millisecond: Int64 { millisecondOfDay % 1000 }

    /// `13:45:07`.
    package var time: String {
        let seconds = millisecondOfDay / 1000
        return "\(Self.padded(seconds / 3600, 2)):\(Self.padded(seconds / 60 % 60, 2)):\(Self.padded(seconds % 60, 2))"
    }

    package static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func floored(_ number: Int64, _ by: Int64) -> Int64 {
        number >= 0 ? number / by : (number - by + 1) / by
    }
}
