internal import Glibc

/// Reads numbers as Go's ParseFloat does, without hex and underscores, which Prometheus refuses too.
enum DecimalReader {
    /// The nearest Double to `text`; nil if it is no number. Beyond the range it is an infinity or 0.
    static func value(of text: UnsafeRawBufferPointer) -> Double? {
        var at = 0
        var isNegative = false
        if let sign = text.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            at = 1
        }
        let start = at
        var mantissa: UInt64 = 0
        var digits = 0
        var scale = 0
        var hasPoint = false
        while at < text.count {
            let byte = text[at]
            if byte &- UInt8(ascii: "0") < 10 {
                if digits > 0 || byte != UInt8(ascii: "0") { digits += 1 }
                if digits <= 19 { mantissa = mantissa &* 10 &+ UInt64(byte &- UInt8(ascii: "0")) }
                if hasPoint { scale -= 1 }
            } else if byte == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
            } else {
                break
            }
            at += 1
        }
        guard at - start > (hasPoint ? 1 : 0) else { return word(text, from: start, isNegative) }
        if at < text.count {
            guard let exponent = exponent(text, at) else { return nil }
            scale += exponent
        }
        // Exact operands and one rounding (Clinger): most values end here.
        if digits <= 19, mantissa <= 1 << 53, -22...22 ~= scale {
            let value = scale < 0 ? Double(mantissa) / powers[-scale] : Double(mantissa) * powers[scale]
            return isNegative ? -value : value
        }
        return slowly(text)
    }

    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    /// `e` and a whole number up to the end of `text`; saturates far beyond a Double's range.
    private static func exponent(_ text: UnsafeRawBufferPointer, _ start: Int) -> Int? {
        var at = start
        guard text[at] | 0x20 == UInt8(ascii: "e") else { return nil }
        at += 1
        var isNegative = false
        if at < text.count, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") {
            isNegative = text[at] == UInt8(ascii: "-")
            at += 1
        }
        guard at < text.count else { return nil }
        var exponent = 0
        while at < text.count {
            let digit = Int(text[at]) - 0x30
            guard 0...9 ~= digit else { return nil }
            exponent = min(exponent * 10 + digit, 100_000)
            at += 1
        }
        return isNegative ? -exponent : exponent
    }

    /// `NaN`, `Inf` and `Infinity`, in any case.
    private static func word(_ text: UnsafeRawBufferPointer, from start: Int, _ isNegative: Bool) -> Double? {
        let lower = text[start...].map { $0 | 0x20 }
        if lower.elementsEqual("inf".utf8) || lower.elementsEqual("infinity".utf8) {
            return isNegative ? -.infinity : .infinity
        }
        return start == 0 && lower.elementsEqual("nan".utf8) ? .nan : nil
    }

    /// By the C library, for the seventeen digits of a sum of seconds. `text` consists of sign, digits, point and
    /// exponent; the locale is C's, as this program never sets another one.
    private static func slowly(_ text: UnsafeRawBufferPointer) -> Double? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: text.count + 1) { copy in
            for (at, byte) in text.enumerated() { copy[at] = CChar(bitPattern: byte) }
            copy[text.count] = 0
            guard let start = copy.baseAddress else { return nil }
            return strtod(start, nil)
        }
    }
}
