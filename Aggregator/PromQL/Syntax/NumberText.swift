/// The texts of numbers and durations, as Go and Prometheus read and write them.
enum NumberText {
    struct Mistake: Error {
        var message: String
    }

    /// `12`, `1.5e3`, `0x1f`, `017` (octal, as Go reads it), `Inf`, `NaN`; nil for anything else.
    static func number(_ text: String) -> Double? {
        let lower = text.lowercased()
        if lower.hasPrefix("0x") { return UInt64(lower.dropFirst(2), radix: 16).map { Double($0) } }
        let isDecimal = text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
        if isDecimal, text.count > 1, text.hasPrefix("0"), let octal = Int64(text, radix: 8) { return Double(octal) }
        switch lower {
        case "inf": return .infinity
        case "nan": return .nan
        default: break
        }
        guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || "+-.eE".utf8.contains($0) }) else { return nil }
        // Swift wants digits on both sides of the point.
        var padded = text.hasPrefix(".") ? "0" + text : text
        if padded.hasSuffix(".") { padded += "0" }
        return Double(padded.replacing(".e", with: ".0e").replacing(".E", with: ".0e"))
    }

    private static let units: [(name: String, milliseconds: Int64)] = [
        ("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000),
        ("ms", 1),
    ]

    /// Milliseconds of `1h30m`; nil if it does not look like a duration.
    static func duration(_ text: String) throws(Mistake) -> Int64? {
        var rest = text[...]
        var total: Int64 = 0
        var unitsLeft = units[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            let unit = rest.dropFirst(digits.count).prefix { $0.isASCII && $0.isLetter }
            guard !digits.isEmpty, units.contains(where: { $0.name == unit }) else { return nil }
            // Each unit once, largest first.
            guard let index = unitsLeft.firstIndex(where: { $0.name == unit }) else {
                throw Mistake(message: "not a valid duration string: \(quoted(text))")
            }
            guard let count = Int64(digits) else { throw Mistake(message: "duration out of range") }
            let (part, overflow) = count.multipliedReportingOverflow(by: unitsLeft[index].milliseconds)
            let (sum, overflowOfSum) = total.addingReportingOverflow(part)
            // Go's durations are nanoseconds in 64 bits.
            guard !overflow, !overflowOfSum, sum <= Int64.max / 1_000_000 else {
                throw Mistake(message: "duration out of range")
            }
            total = sum
            unitsLeft = unitsLeft[(index + 1)...]
            rest = rest.dropFirst(digits.count + unit.count)
        }
        return text.isEmpty ? nil : total
    }

    /// `1h30m`, `0s`; a leading minus for negative ones.
    static func text(ofDuration milliseconds: Int64) -> String {
        guard milliseconds != 0 else { return "0s" }
        var rest = milliseconds.magnitude
        var result = milliseconds < 0 ? "-" : ""
        for (index, unit) in units.enumerated() {
            let size = UInt64(unit.milliseconds)
            // Years and weeks only where they come out even, as Prometheus does.
            if index < 2, rest % size != 0 { continue }
            if rest >= size {
                result += "\(rest / size)\(unit.name)"
                rest %= size
            }
        }
        return result
    }
}
