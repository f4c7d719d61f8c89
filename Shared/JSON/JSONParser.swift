extension JSONValue {
    /// What a document may cost.
    public struct Limits: Sendable {
        /// Bytes of the document.
        public var bytes: Int
        /// Arrays and objects within each other.
        public var depth: Int

        /// 16 MiB and 64 levels unless told otherwise.
        public init(bytes: Int = 16 << 20, depth: Int = 64) {
            self.bytes = bytes
            self.depth = depth
        }
    }

    /// The one value that `document` (UTF-8, no byte order mark) consists of. Total: any bytes give a value or an error.
    public init(parsing document: [UInt8], limits: Limits = Limits()) throws(JSONError) {
        guard document.count <= limits.bytes else {
            throw JSONError(code: .tooLarge, offset: limits.bytes, message: "more than \(limits.bytes) bytes")
        }
        var parser = JSONParser(bytes: document, depth: limits.depth)
        self = try parser.document()
    }

    /// The value that `text` consists of.
    public init(parsing text: String, limits: Limits = Limits()) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }
}

/// Recursive descent over bytes; the recursion is bounded by `depth`.
struct JSONParser {
    let bytes: [UInt8]
    var depth: Int
    var at = 0

    init(bytes: [UInt8], depth: Int) {
        self.bytes = bytes
        self.depth = depth
    }

    mutating func document() throws(JSONError) -> JSONValue {
        skipSpace()
        let value = try value()
        skipSpace()
        guard at == bytes.count else { throw problem("more after the value") }
        return value
    }

    func problem(_ message: String, _ code: JSONError.Code = .syntax) -> JSONError {
        JSONError(code: code, offset: at, message: message)
    }

    private var current: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x09, 0x0a, 0x0d: at += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: Character, orSay message: String) throws(JSONError) {
        guard current == byte.asciiValue else { throw problem(message) }
        at += 1
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        switch current {
        case UInt8(ascii: "{"): return try nested { parser throws(JSONError) in try parser.members() }
        case UInt8(ascii: "["): return try nested { parser throws(JSONError) in try parser.elements() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), .some(0x30...0x39): return .number(try number())
        case nil: throw problem("ends where a value should be")
        default: throw problem("a value should be here")
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(JSONError) -> JSONValue
    ) throws(JSONError) -> JSONValue {
        guard depth > 0 else { throw problem("nested too deeply", .tooDeep) }
        depth -= 1
        at += 1
        skipSpace()
        let value = try body(&self)
        depth += 1
        return value
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let length = text.utf8CodeUnitCount
        guard bytes.count - at >= length,
            bytes[at..<at + length].elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: length))
        else { throw problem("a value should be here") }
        at += length
        return value
    }

    private mutating func members() throws(JSONError) -> JSONValue {
        var members: [(String, JSONValue)] = []
        if current == UInt8(ascii: "}") {
            at += 1
            return .object(members)
        }
        while true {
            guard current == UInt8(ascii: "\"") else { throw problem("a key should be here") }
            let key = try string()
            skipSpace()
            try take(":", orSay: "a colon should follow the key")
            skipSpace()
            members.append((key, try value()))
            skipSpace()
            if current == UInt8(ascii: ",") {
                at += 1
                skipSpace()
            } else {
                try take("}", orSay: "a comma or } should follow the member")
                return .object(members)
            }
        }
    }

    private mutating func elements() throws(JSONError) -> JSONValue {
        var elements: [JSONValue] = []
        if current == UInt8(ascii: "]") {
            at += 1
            return .array(elements)
        }
        while true {
            elements.append(try value())
            skipSpace()
            if current == UInt8(ascii: ",") {
                at += 1
                skipSpace()
            } else {
                try take("]", orSay: "a comma or ] should follow the element")
                return .array(elements)
            }
        }
    }
}

extension JSONParser {
    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    private mutating func number() throws(JSONError) -> String {
        let start = at
        if current == UInt8(ascii: "-") { at += 1 }
        if current == UInt8(ascii: "0") { at += 1 } else { try digits() }
        if current == UInt8(ascii: ".") {
            at += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            at += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { at += 1 }
            try digits()
        }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private mutating func digits() throws(JSONError) {
        let start = at
        while let byte = current, 0x30...0x39 ~= byte { at += 1 }
        guard at > start else { throw problem("a digit should be here") }
    }

    /// The string that begins at a quote.
    private mutating func string() throws(JSONError) -> String {
        at += 1
        let start = at
        while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { at += 1 }
        if current == UInt8(ascii: "\"") {
            defer { at += 1 }
            return try text(bytes[start..<at])
        }
        return try escapedString(from: start)
    }

    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var raw = Array(bytes[start..<at])
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                defer { at += 1 }
                return try text(raw[...])
            case UInt8(ascii: "\\"):
                at += 1
                try escape(into: &raw)
            case 0..<0x20:
                throw problem("a control character must be escaped")
            default:
                raw.append(byte)
                at += 1
            }
        }
        throw problem("the string does not end")
    }

    private func text(_ raw: ArraySlice<UInt8>) throws(JSONError) -> String {
        guard let text = String(validating: raw, as: UTF8.self) else {
            throw problem("the string is not UTF-8", .encoding)
        }
        return text
    }

    private mutating func escape(into raw: inout [UInt8]) throws(JSONError) {
        guard let byte = current else { throw problem("the string does not end") }
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): raw.append(byte)
        case UInt8(ascii: "b"): raw.append(0x08)
        case UInt8(ascii: "f"): raw.append(0x0c)
        case UInt8(ascii: "n"): raw.append(0x0a)
        case UInt8(ascii: "r"): raw.append(0x0d)
        case UInt8(ascii: "t"): raw.append(0x09)
        case UInt8(ascii: "u"): raw.append(contentsOf: Array(String(try scalar()).utf8))
        default: throw problem("no such escape")
        }
    }

    /// The scalar of `XXXX`, or of a surrogate pair `XXXX\uXXXX`.
    private mutating func scalar() throws(JSONError) -> Character {
        let high = try hexDigits()
        if let scalar = UnicodeScalar(high) { return Character(scalar) }
        guard high < 0xdc00, current == UInt8(ascii: "\\"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "u")
        else { throw problem("an unpaired surrogate", .encoding) }
        at += 2
        let low = try hexDigits()
        guard 0xdc00...0xdfff ~= low, let scalar = UnicodeScalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00))
        else { throw problem("an unpaired surrogate", .encoding) }
        return Character(scalar)
    }

    private mutating func hexDigits() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                throw problem("four hex digits should be here")
            }
            value = value << 4 | UInt32(digit)
            at += 1
        }
        return value
    }
}
