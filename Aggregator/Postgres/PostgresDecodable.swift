public import Model

/// A value that can be read from a column.
public protocol PostgresDecodable {
    /// Reads `cell`, whose type must be one that holds such a value.
    init(_ cell: PostgresCell) throws(PostgresError)
    /// Reads an array of such values.
    static func array(_ cell: PostgresCell) throws(PostgresError) -> [Self]
}

extension PostgresDecodable {
    /// Reads a one-dimensional array as `array_send` writes it.
    public static func array(_ cell: PostgresCell) throws(PostgresError) -> [Self] {
        let bytes = try cell.required()
        var reader = BigEndianReader(bytes: bytes)
        guard let dimensions = reader.int32(), let flags = reader.int32(), let type = reader.int32(),
            dimensions <= 1, (0...1).contains(flags)
        else { throw cell.mismatch("an array") }
        guard dimensions == 1 else { return [] }
        guard let count = reader.int32(), reader.int32() != nil, count >= 0 else { throw cell.mismatch("an array") }
        var values: [Self] = []
        for _ in 0..<count {
            guard let length = reader.int32(), let element = reader.take(length) else {
                throw cell.mismatch("an array")
            }
            values.append(
                try Self(PostgresCell(column: cell.column, type: UInt32(bitPattern: type), bytes: element.bytes)))
        }
        return values
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    public init(_ cell: PostgresCell) throws(PostgresError) {
        self = cell.bytes == nil ? nil : try Wrapped(cell)
    }
}

extension Array: PostgresDecodable where Element: PostgresDecodable {
    public init(_ cell: PostgresCell) throws(PostgresError) {
        self = try Element.array(cell)
    }
}

/// A byte is `"char"`; an array of bytes is `bytea` or `uuid`.
extension UInt8: PostgresDecodable {
    public init(_ cell: PostgresCell) throws(PostgresError) {
        let bytes = try cell.required()
        guard cell.type == PostgresType.char, bytes.count == 1 else { throw cell.mismatch("a byte") }
        self = bytes[0]
    }

    public static func array(_ cell: PostgresCell) throws(PostgresError) -> [UInt8] {
        let bytes = try cell.required()
        guard cell.type == PostgresType.bytea || cell.type == PostgresType.uuid else {
            throw cell.mismatch("bytes")
        }
        return Array<UInt8>(bytes)
    }
}

extension Bool: PostgresDecodable {
    public init(_ cell: PostgresCell) throws(PostgresError) {
        let bytes = try cell.required()
        guard cell.type == PostgresType.bool, bytes.count == 1 else { throw cell.mismatch("a Boolean") }
        self = bytes[0] != 0
    }
}

extension Int16: PostgresDecodable {
    public init(_ cell: PostgresCell) throws(PostgresError) { self = try cell.narrowed() }
}

extension Int32: PostgresDecodable {
    public init(_ cell: PostgresCell) throws(PostgresError) { self = try cell.narrowed() }
}

extension Int64: PostgresDecodable {
    public init(_ cell: PostgresCell) throws(PostgresError) { self = try cell.integer() }
}

extension Int: PostgresDecodable {
    public init(_ cell: PostgresCell) throws(PostgresError) { self = try cell.narrowed() }
}

extension Double: PostgresDecodable {
    public init(_ cell: PostgresCell) throws(PostgresError) {
        let bytes = try cell.required()
        let number: Double? =
            switch cell.type {
            case PostgresType.float8: PostgresCell.integer(bytes, as: UInt64.self).map { Double(bitPattern: $0) }
            case PostgresType.float4:
                PostgresCell.integer(bytes, as: UInt32.self).map { Double(Float(bitPattern: $0)) }
            default: nil
            }
        guard let number else { throw cell.mismatch("a Double") }
        self = number
    }
}

/// Any text, JSON, or the label of an enum.
extension String: PostgresDecodable {
    public init(_ cell: PostgresCell) throws(PostgresError) {
        let bytes = try cell.required()
        switch cell.type {
        case PostgresType.text, PostgresType.varchar, PostgresType.bpchar, PostgresType.name, PostgresType.json,
            PostgresType.char, PostgresType.unknown, PostgresType.firstOwn...:
            self = String(decoding: bytes, as: UTF8.self)
        case PostgresType.jsonb where bytes.first == 1:
            self = String(decoding: bytes.dropFirst(), as: UTF8.self)
        default:
            throw cell.mismatch("text")
        }
    }
}

/// `timestamptz`, cut to milliseconds; its infinities saturate.
extension Timestamp: PostgresDecodable {
    public init(_ cell: PostgresCell) throws(PostgresError) {
        let bytes = try cell.required()
        guard cell.type == PostgresType.timestamptz,
            let microseconds = PostgresCell.integer(bytes, as: Int64.self)
        else { throw cell.mismatch("a Timestamp") }
        switch microseconds {
        case .min, .max: self.init(milliseconds: microseconds)
        default: self.init(milliseconds: microseconds.thousandths + PostgresType.epochMilliseconds)
        }
    }
}

extension Int64 {
    /// A thousandth, rounded down.
    fileprivate var thousandths: Int64 { self / 1000 - (self % 1000 < 0 ? 1 : 0) }
}

extension PostgresCell {
    fileprivate func narrowed<Number: FixedWidthInteger>() throws(PostgresError) -> Number {
        let wide = try integer()
        guard let number = Number(exactly: wide) else {
            throw .decoding("column '\(column)' holds a number outside \(Number.self)")
        }
        return number
    }
}

/// Reads network-order numbers and never past the end.
private struct BigEndianReader {
    var bytes: UnsafeRawBufferPointer

    mutating func int32() -> Int32? {
        guard bytes.count >= 4 else { return nil }
        defer { bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(4)) }
        return PostgresCell.integer(UnsafeRawBufferPointer(rebasing: bytes.prefix(4)), as: Int32.self)
    }

    /// The next `length` bytes, NULL for -1; nil if they are not there.
    mutating func take(_ length: Int32) -> (bytes: UnsafeRawBufferPointer?, Void)? {
        if length == -1 { return (nil, ()) }
        guard length >= 0, bytes.count >= Int(length) else { return nil }
        defer { bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(Int(length))) }
        return (UnsafeRawBufferPointer(rebasing: bytes.prefix(Int(length))), ())
    }
}
