/// Reads the fields of one protobuf message; every read is checked against its end, unknown fields are skipped.
struct ProtobufReader {
    /// A field's number and what stands in it.
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(Range<Int>)
    }

    private let bytes: UnsafeRawBufferPointer
    private var at: Int
    private let end: Int

    /// Reads the message in `range` of `bytes`, which must lie inside it.
    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        self.bytes = bytes
        at = range.lowerBound
        end = range.upperBound
    }

    /// The next field; nil at the end of the message.
    mutating func next() throws(RemoteWriteError) -> (field: UInt64, value: Value)? {
        guard at < end else { return nil }
        let key = try varint()
        let field = key >> 3
        switch key & 7 {
        case 0: return (field, .varint(try varint()))
        case 1: return (field, .fixed64(try fixed(8)))
        case 2:
            let length = try varint()
            guard length <= UInt64(end - at) else { throw truncated() }
            defer { at += Int(length) }
            return (field, .bytes(at..<at + Int(length)))
        case 5: return (field, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
        default: throw RemoteWriteError(.malformed, "a protobuf field of a kind that is not known")
        }
    }

    /// The message in a field of bytes.
    func message(_ range: Range<Int>) -> ProtobufReader { ProtobufReader(bytes, range) }

    /// The text in a field of bytes.
    func text(_ range: Range<Int>) throws(RemoteWriteError) -> String {
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw RemoteWriteError(.malformed, "a text that is not UTF-8")
        }
        return text
    }

    private mutating func varint() throws(RemoteWriteError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard at < end else { throw truncated() }
            let byte = bytes[at]
            at += 1
            value |= UInt64(byte & 0x7f) &<< shift
            if byte < 0x80 { return value }
            shift += 7
            guard shift < 70 else { throw RemoteWriteError(.malformed, "a number of more than ten bytes") }
        }
    }

    private mutating func fixed(_ count: Int) throws(RemoteWriteError) -> UInt64 {
        guard count <= end - at else { throw truncated() }
        defer { at += count }
        return bytes[at..<at + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func truncated() -> RemoteWriteError {
        RemoteWriteError(.malformed, "the protobuf message ends too early")
    }
}
