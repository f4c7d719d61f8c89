/// Walks over the text of a kernel file: words, numbers, lines. Never beyond its end.
package struct TextScanner {
    private let bytes: [UInt8]
    private let end: Int
    private var position = 0

    package init(_ bytes: [UInt8], end: Int) {
        self.bytes = bytes
        self.end = min(end, bytes.count)
    }

    package init(_ text: String) {
        bytes = Array(text.utf8)
        end = bytes.count
    }

    /// All of it.
    var text: String { String(decoding: bytes[..<end], as: UTF8.self) }

    package var isAtEnd: Bool { position >= end }

    /// The next word of this line, or nil at the line's end.
    package mutating func word() -> String? {
        skipBlanks()
        let start = position
        while position < end, !Self.isBlank(bytes[position]), bytes[position] != 0x0a { position += 1 }
        return position == start ? nil : String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// The next word up to, and without, `separator` (which is passed), or nil if this line has none.
    package mutating func word(upTo separator: UInt8) -> String? {
        skipBlanks()
        let start = position
        while position < end, bytes[position] != 0x0a {
            if bytes[position] == separator {
                defer { position += 1 }
                return String(decoding: bytes[start..<position], as: UTF8.self)
            }
            position += 1
        }
        position = start
        return nil
    }

    /// The next word of this line as a number, or nil (and the word is passed) if it is none.
    package mutating func number() -> Double? {
        skipBlanks()
        let start = position
        var whole: UInt64 = 0
        var digits = 0
        while position < end, case let digit = bytes[position] &- 0x30, digit < 10 {
            whole = whole &* 10 &+ UInt64(digit)
            digits += 1
            position += 1
        }
        let isPlain = position >= end || Self.isBlank(bytes[position]) || bytes[position] == 0x0a
        if isPlain, digits > 0, digits < 19 { return Double(whole) }
        position = start
        return word().flatMap(Double.init)
    }

    /// The next word as an exact unsigned number, or nil (and the word is passed) if it is none.
    package mutating func unsigned() -> UInt64? { word().flatMap { UInt64($0) } }

    /// What is left of this line, without blanks at its ends; goes to the next line.
    package mutating func restOfLine() -> String {
        skipBlanks()
        let start = position
        while position < end, bytes[position] != 0x0a { position += 1 }
        var stop = position
        while stop > start, Self.isBlank(bytes[stop - 1]) { stop -= 1 }
        if position < end { position += 1 }
        return String(decoding: bytes[start..<stop], as: UTF8.self)
    }

    /// Goes to the next line.
    package mutating func nextLine() {
        while position < end, bytes[position] != 0x0a { position += 1 }
        if position < end { position += 1 }
    }

    /// Passes `count` words of this line.
    package mutating func skipWords(_ count: Int) {
        for _ in 0..<count {
            skipBlanks()
            while position < end, !Self.isBlank(bytes[position]), bytes[position] != 0x0a { position += 1 }
        }
    }

    private mutating func skipBlanks() {
        while position < end, Self.isBlank(bytes[position]) { position += 1 }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
}
