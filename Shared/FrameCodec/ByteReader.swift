/// Reads a stretch of bytes; every read is checked against its end. Only lives inside `withUnsafeBytes`.
package struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    /// Where the next read begins, from the start of the body.
    package private(set) var at: Int
    /// Where the stretch ends.
    package let end: Int

    /// Reads `range` of `bytes`, which must lie inside it.
    package init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        self.bytes = bytes
        at = range.lowerBound
        end = range.upperBound
    }

    /// Bytes left.
    package var left: Int { end - at }
    /// Whether all was read.
    package var isAtEnd: Bool { at == end }

    @inline(never)
    private func truncated() -> CodecError { CodecError(.truncated, at: at, "the bytes end too early") }

    package mutating func byte() throws(CodecError) -> UInt8 {
        guard at < end else { throw truncated() }
        let byte = bytes[at]
        at += 1
        return byte
    }

    /// LEB128, at most ten bytes, at most 64 bits.
    package mutating func varint() throws(CodecError) -> UInt64 {
        let first = try byte()
        if first < 0x80 { return UInt64(first) }
        var value = UInt64(first & 0x7f)
        var shift: UInt64 = 7
        while true {
            let next = try byte()
            if shift == 63, next > 1 { throw CodecError(.malformed, at: at, "a number of more than 64 bits") }
            value |= UInt64(next & 0x7f) &<< shift
            if next < 0x80 { return value }
            shift += 7
            if shift > 63 { throw CodecError(.malformed, at: at, "a number of more than ten bytes") }
        }
    }

    /// Zigzag: 0, −1, 1, −2, …
    package mutating func signed() throws(CodecError) -> Int64 {
        ZigZag.decode(try varint())
    }

    /// A count of things that take at least `bytesEach` bytes, so never more than the bytes that are left.
    package mutating func count(bytesEach: Int = 1, limit: Int = .max) throws(CodecError) -> Int {
        let start = at
        let count = try varint()
        guard count <= UInt64(left / bytesEach) else {
            throw CodecError(.truncated, at: start, "a count of \(count) with \(left) bytes left")
        }
        guard count <= UInt64(limit) else {
            throw CodecError(.tooLarge, at: start, "a count of \(count); the limit is \(limit)")
        }
        return Int(count)
    }

    /// The range of the next `count` bytes, passed over.
    package mutating func skip(_ count: Int) throws(CodecError) -> Range<Int> {
        guard count <= left else { throw truncated() }
        defer { at += count }
        return at..<at + count
    }

    /// `count` ≤ 8 bytes, least significant first.
    package mutating func littleEndian(_ count: Int) throws(CodecError) -> UInt64 {
        guard count <= left else { throw truncated() }
        var value: UInt64 = 0
        var index = count
        while index > 0 {
            index -= 1
            value = value &<< 8 | UInt64(bytes[at + index])
        }
        at += count
        return value
    }

    /// The next `count` bytes.
    package mutating func array(_ count: Int) throws(CodecError) -> [UInt8] {
        let range = try skip(count)
        return Array(bytes[range])
    }

    /// A count and so many bytes of UTF-8.
    package mutating func text(limit: Int) throws(CodecError) -> String {
        let start = at
        let range = try skip(try count(limit: limit))
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw CodecError(.malformed, at: start, "text that is not UTF-8")
        }
        return text
    }

    /// Complains if something is left.
    package func finish() throws(CodecError) {
        guard isAtEnd else { throw CodecError(.malformed, at: at, "\(left) bytes too many") }
    }
}

/// Small numbers of either sign as small numbers without one.
package enum ZigZag {
    package static func encode(_ value: Int64) -> UInt64 { UInt64(bitPattern: value &<< 1 ^ value &>> 63) }
    package static func decode(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value &>> 1) ^ -Int64(bitPattern: value & 1)
    }
}
