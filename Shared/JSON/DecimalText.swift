/// Numbers as decimal text, appended to bytes without an intermediate String where that is possible.
public enum DecimalText {
    /// The digits of `value`, with a minus sign if negative.
    public static func append(_ value: some BinaryInteger, to bytes: inout [UInt8]) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        guard var rest = UInt64(exactly: value.magnitude) else {
            bytes.append(contentsOf: String(value.magnitude).utf8)
            return
        }
        let start = bytes.count
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            bytes.append(UInt8(ascii: "0") + UInt8(digit))
            rest = quotient
        } while rest > 0
        bytes[start...].reverse()
    }

    /// The shortest text that reads back as `value`, without `.0`: `0.25`, `3`, `1e-07`, `-0`. NaN and infinities are
    /// `nan`, `inf`, `-inf`: formats that spell them differently look first.
    public static func append(_ value: Double, to bytes: inout [UInt8]) {
        if value.magnitude < 0x1p53, value == value.rounded(.towardZero), !(value == 0 && value.sign == .minus) {
            append(Int64(value), to: &bytes)
            return
        }
        let text = value.description.utf8
        bytes.append(contentsOf: text.hasZeroFraction ? text.dropLast(2) : text[...])
    }
}

extension String.UTF8View {
    /// Whether the text ends in `.0`.
    fileprivate var hasZeroFraction: Bool {
        suffix(2).elementsEqual([UInt8(ascii: "."), UInt8(ascii: "0")])
    }
}
