/// A day, UTC, as tables are named after it.
struct CalendarDay: Hashable, Sendable {
    static let milliseconds: Int64 = 86_400_000

    /// Days since 1970-01-01.
    let number: Int64

    /// The day of `instant`, in milliseconds since 1970.
    init(of instant: Int64) {
        number = instant.floored(to: Self.milliseconds) / Self.milliseconds
    }

    /// Its first millisecond.
    var starts: Int64 { number * Self.milliseconds }

    /// Year, month and day without separators, by the proleptic Gregorian calendar (Hinnant, "chrono-compatible
    /// low-level date algorithms").
    var name: String {
        let shifted = number + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * ofYear + 2) / 153
        let dayOfMonth = ofYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func padded(_ number: Int64, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return padded(year, 4) + padded(month, 2) + padded(dayOfMonth, 2)
    }
}

extension Int64 {
    /// The greatest multiple of `step` that is not above: where the slot, window or day of an instant begins.
    func floored(to step: Int64) -> Int64 {
        let rest = self % step
        return self - (rest < 0 ? rest + step : rest)
    }
}
