extension NumberText {
    /// Without exponent, as Go's FormatFloat(v, 'f', -1, 64): as short as it can be read back, however long that is.
    static func decimal(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let text = value.description
        guard let exponentAt = text.firstIndex(of: "e") else {
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        }
        let exponent = Int(text[text.index(after: exponentAt)...]) ?? 0
        let isNegative = text.hasPrefix("-")
        let mantissa = text[..<exponentAt].drop { $0 == "-" }
        let parts = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        let fraction = parts.count > 1 && parts[1] != "0" ? String(parts[1]) : ""
        let digits = String(parts[0]) + fraction
        let point = parts[0].count + exponent
        let number: String
        if point <= 0 {
            number = "0." + String(repeating: "0", count: -point) + digits
        } else if point >= digits.count {
            number = digits + String(repeating: "0", count: point - digits.count)
        } else {
            number = "\(digits.prefix(point)).\(digits.dropFirst(point))"
        }
        return (isNegative ? "-" : "") + number
    }

    /// As OpenMetrics writes the value of `le` and `quantile`: `1.0`, `0.25`.
    static func openMetrics(_ value: Double) -> String {
        let text = shortest(value)
        return value.isFinite && !text.contains(".") && !text.contains("e") ? text + ".0" : text
    }

    /// The bound that a value of `le` means; nil if it means none.
    static func bound(_ text: String) -> Double? {
        let isNegative = text.hasPrefix("-")
        let rest = isNegative || text.hasPrefix("+") ? String(text.dropFirst()) : text
        if ["inf", "infinity"].contains(rest.lowercased()) { return isNegative ? -.infinity : .infinity }
        guard !rest.isEmpty, rest.lowercased() != "nan", !rest.hasPrefix("0x"), !rest.hasPrefix("-"),
            !rest.hasPrefix("+")
        else { return nil }
        // A leading zero would make an octal number of it.
        let decimal = String(rest.drop { $0 == "0" })
        let text = decimal.first.map { $0.isNumber || $0 == "." } ?? false ? decimal : "0" + decimal
        return number(text).map { isNegative ? -$0 : $0 }
    }
}
