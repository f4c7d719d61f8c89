/// A word of a query.
struct Token: Hashable {
    enum Kind: Hashable {
        case end
        /// Names and keywords: which it is depends on where it stands.
        case identifier(String)
        case number(Double)
        /// Milliseconds.
        case duration(Int64)
        case string(StringLiteral)
        /// Operators and punctuation, as written.
        case symbol(String)
    }

    var kind: Kind
    var range: SourceRange
}

/// Cuts a query into tokens.
struct Lexer {
    let bytes: [UInt8]
    /// The next byte to read.
    var position = 0
    private var isInBraces = false
    private var isInBrackets = false

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    mutating func tokens() throws(QueryError) -> [Token] {
        var tokens: [Token] = []
        while true {
            let token = try next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private mutating func next() throws(QueryError) -> Token {
        skipBlanks()
        let start = position
        guard let byte = peek() else {
            guard !isInBraces else { throw error("unexpected end of input inside braces", start) }
            return Token(kind: .end, range: SourceRange(start, start))
        }
        let kind: Token.Kind
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): kind = .string(try string())
        case _ where Self.isDigit(byte) || byte == UInt8(ascii: ".") && Self.isDigit(peek(1) ?? 0):
            kind = try numberOrDuration()
        case _ where Self.isLetter(byte) || byte == UInt8(ascii: ":") && !isInBrackets && !isInBraces:
            kind = .identifier(word())
        default: kind = .symbol(try symbol(byte))
        }
        return Token(kind: kind, range: SourceRange(start, position))
    }

    // MARK: Characters

    private func peek(_ ahead: Int = 0) -> UInt8? { position + ahead < bytes.count ? bytes[position + ahead] : nil }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    private static func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a || byte == 0x5f }

    func error(_ message: String, _ start: Int) -> QueryError {
        let range = SourceRange(start, min(start + 1, bytes.count))
        return QueryError(.badData, "\(range.place(in: bytes)): parse error: \(message)", at: range)
    }

    private mutating func skipBlanks() {
        while let byte = peek() {
            if byte == 0x20 || byte >= 0x09 && byte <= 0x0d {
                position += 1
            } else if byte == UInt8(ascii: "#") {
                while let inside = peek(), inside != 0x0a {
                    _ = inside
                    position += 1
                }
            } else {
                return
            }
        }
    }

    private mutating func word() -> String {
        let start = position
        while let byte = peek(),
            Self.isLetter(byte) || Self.isDigit(byte) || byte == UInt8(ascii: ":") && !isInBrackets && !isInBraces
        { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func symbol(_ byte: UInt8) throws(QueryError) -> String {
        let start = position
        let two = String(decoding: bytes[position..<min(position + 2, bytes.count)], as: UTF8.self)
        if ["==", "!=", "=~", "!~", ">=", "<="].contains(two) {
            position += 2
            return two
        }
        position += 1
        switch byte {
        case UInt8(ascii: "{"): isInBraces = true
        case UInt8(ascii: "}"): isInBraces = false
        case UInt8(ascii: "["): isInBrackets = true
        case UInt8(ascii: "]"): isInBrackets = false
        default: break
        }
        let one = String(decoding: [byte], as: UTF8.self)
        guard "+-*/%^<>=(){}[],:@".contains(one) else {
            let rest = String(decoding: bytes[start...], as: UTF8.self)
            throw error("unexpected character: '\(rest.unicodeScalars.first.map { String($0) } ?? "")'", start)
        }
        return one
    }

    // MARK: Numbers

    private mutating func numberOrDuration() throws(QueryError) -> Token.Kind {
        let start = position
        var end = position
        var isExponent = false
        while end < bytes.count {
            let byte = bytes[end]
            let isSign = (byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")) && isExponent
            guard Self.isDigit(byte) || Self.isLetter(byte) || byte == UInt8(ascii: ".") || isSign else { break }
            let isHex = end - start >= 2 && bytes[start] == 0x30 && bytes[start + 1] | 0x20 == 0x78
            isExponent = byte | 0x20 == 0x65 && !isHex
            end += 1
        }
        let text = String(decoding: bytes[start..<end], as: UTF8.self)
        position = end
        if let number = NumberText.number(text) { return .number(number) }
        do throws(NumberText.Mistake) {
            if let duration = try NumberText.duration(text) { return .duration(duration) }
        } catch {
            throw self.error(error.message, start)
        }
        throw error("bad number or duration syntax: \(quoted(text))", start)
    }
}
