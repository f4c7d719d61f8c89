extension Lexer {
    /// A string from its opening quote on.
    mutating func string() throws(QueryError) -> StringLiteral {
        let start = position
        let quote = bytes[start]
        var result: [UInt8] = []
        var index = start + 1
        while true {
            guard index < bytes.count else { throw error("unterminated quoted string", start) }
            let byte = bytes[index]
            index += 1
            if byte == quote { break }
            if quote == UInt8(ascii: "`") {
                result.append(byte)
            } else if byte == 0x0a {
                throw error("unterminated quoted string", start)
            } else if byte == UInt8(ascii: "\\") {
                try escape(&index, quote: quote, into: &result)
            } else {
                result.append(byte)
            }
        }
        position = index
        let value = String(decoding: result, as: UTF8.self)
        return StringLiteral(
            value: value, invalidBytes: Array(value.utf8) == result ? nil : result, range: SourceRange(start, index))
    }

    /// Go's escapes; `index` is behind the backslash.
    private func escape(_ index: inout Int, quote: UInt8, into result: inout [UInt8]) throws(QueryError) {
        let start = index - 1
        guard index < bytes.count else { throw error("escape sequence not terminated", start) }
        let byte = bytes[index]
        index += 1
        let simple: [UInt8: UInt8] = [
            UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
            UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11, UInt8(ascii: "\\"): 0x5c, quote: quote,
        ]
        if let value = simple[byte] {
            result.append(value)
            return
        }
        let digits: (count: Int, radix: Int)
        switch byte {
        case UInt8(ascii: "x"): digits = (2, 16)
        case UInt8(ascii: "u"): digits = (4, 16)
        case UInt8(ascii: "U"): digits = (8, 16)
        case 0x30...0x37:
            digits = (3, 8)
            index -= 1
        default: throw error("unknown escape sequence U+00\(hex(byte))", start)
        }
        let end = index + digits.count
        guard end <= bytes.count,
            let value = UInt32(String(decoding: bytes[index..<end], as: UTF8.self), radix: digits.radix)
        else { throw error("illegal character in escape sequence", start) }
        index = end
        if digits.count <= 3 {
            guard let byte = UInt8(exactly: value) else { throw error("octal escape value > 255", start) }
            result.append(byte)
        } else {
            guard let scalar = Unicode.Scalar(value) else {
                throw error("escape sequence is an invalid Unicode code point", start)
            }
            result += Array(String(scalar).utf8)
        }
    }

    private func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}

/// `text` in double quotes, as Go's strconv.Quote writes it.
func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\\": result += "\\\\"
        case "\"": result += "\\\""
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        case "\r": result += "\\r"
        case _ where scalar.value < 0x20 || scalar.value == 0x7f:
            result += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}

extension StringLiteral {
    /// In double quotes, bytes that are not UTF-8 as `\xff`.
    var quotedValue: String {
        guard var rest = invalidBytes?[...] else { return quoted(value) }
        var result = ""
        while !rest.isEmpty {
            let valid = (1...4).first { length in
                length <= rest.count && String(validating: rest.prefix(length), as: UTF8.self) != nil
            }
            if let valid {
                result += quoted(String(decoding: rest.prefix(valid), as: UTF8.self)).dropFirst().dropLast()
                rest = rest.dropFirst(valid)
            } else {
                result += "\\x" + String(rest.removeFirst(), radix: 16)
            }
        }
        return "\"\(result)\""
    }
}
