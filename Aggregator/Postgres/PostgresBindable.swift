public import Model

/// A value that can be a parameter.
public protocol PostgresBindable: Sendable {
    /// Its type's number in `pg_type`.
    static var postgresType: UInt32 { get }
    /// The number of the array of its type.
    static var postgresArrayType: UInt32 { get }
    /// Appends its binary form, as the type's `…recv` function reads it.
    func encode(into bytes: inout [UInt8])
}

/// A parameter in binary form.
struct PostgresParameter: Sendable {
    var type: UInt32
    /// nil is NULL.
    var bytes: [UInt8]?

    init<Value: PostgresBindable>(_ value: Value?) {
        type = Value.postgresType
        bytes = value.map { value in
            var bytes: [UInt8] = []
            value.encode(into: &bytes)
            return bytes
        }
    }

    init(json text: String?) {
        type = PostgresType.jsonb
        bytes = text.map { [1] + Array($0.utf8) }
    }

    init<Value: PostgresBindable>(array values: [Value]) {
        self.init(arrayOf: Value.self, count: values.count, hasNulls: false) { at, bytes in
            values[at].encode(into: &bytes)
            return true
        }
    }

    init<Value: PostgresBindable>(array values: [Value?]) {
        self.init(arrayOf: Value.self, count: values.count, hasNulls: true) { at, bytes in
            values[at]?.encode(into: &bytes)
            return values[at] != nil
        }
    }

    /// The form of `array_recv`: dimensions, has-nulls, element type, then per dimension its size and lower bound,
    /// then each element after its length (-1 for NULL).
    private init<Value: PostgresBindable>(
        arrayOf: Value.Type, count: Int, hasNulls: Bool, element: (Int, inout [UInt8]) -> Bool
    ) {
        type = Value.postgresArrayType
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + count * 12)
        bytes.appendBigEndian(Int32(count == 0 ? 0 : 1))
        bytes.appendBigEndian(Int32(hasNulls ? 1 : 0))
        bytes.appendBigEndian(Value.postgresType)
        if count > 0 {
            bytes.appendBigEndian(Int32(count))
            bytes.appendBigEndian(Int32(1))
        }
        for at in 0..<count {
            let start = bytes.count
            bytes.appendBigEndian(Int32(-1))
            guard element(at, &bytes) else { continue }
            let length = UInt32(bytes.count - start - 4)
            for byte in 0..<4 { bytes[start + byte] = UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32(byte))) }
        }
        self.bytes = bytes
    }
}

/// Numbers of built-in types, from `pg_type.dat`.
enum PostgresType {
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let char: UInt32 = 18
    static let name: UInt32 = 19
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let oid: UInt32 = 26
    static let json: UInt32 = 114
    static let float4: UInt32 = 700
    static let float8: UInt32 = 701
    static let unknown: UInt32 = 705
    static let bpchar: UInt32 = 1042
    static let varchar: UInt32 = 1043
    static let timestamptz: UInt32 = 1184
    static let uuid: UInt32 = 2950
    static let jsonb: UInt32 = 3802
    /// Types made by CREATE TYPE, such as enums, start here.
    static let firstOwn: UInt32 = 16384
    /// 2000-01-01T00:00:00Z, from which PostgreSQL counts, in milliseconds since 1970.
    static let epochMilliseconds: Int64 = 946_684_800_000
}

extension Bool: PostgresBindable {
    public static var postgresType: UInt32 { PostgresType.bool }
    public static var postgresArrayType: UInt32 { 1000 }
    public func encode(into bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }
}

extension Int16: PostgresBindable {
    public static var postgresType: UInt32 { PostgresType.int2 }
    public static var postgresArrayType: UInt32 { 1005 }
    public func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
}

extension Int32: PostgresBindable {
    public static var postgresType: UInt32 { PostgresType.int4 }
    public static var postgresArrayType: UInt32 { 1007 }
    public func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
}

extension Int64: PostgresBindable {
    public static var postgresType: UInt32 { PostgresType.int8 }
    public static var postgresArrayType: UInt32 { 1016 }
    public func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
}

/// `bigint`, as Int64.
extension Int: PostgresBindable {
    public static var postgresType: UInt32 { Int64.postgresType }
    public static var postgresArrayType: UInt32 { Int64.postgresArrayType }
    public func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(Int64(self)) }
}

extension Double: PostgresBindable {
    public static var postgresType: UInt32 { PostgresType.float8 }
    public static var postgresArrayType: UInt32 { 1022 }
    public func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(bitPattern) }
}

/// `text`. PostgreSQL refuses U+0000 in it.
extension String: PostgresBindable {
    public static var postgresType: UInt32 { PostgresType.text }
    public static var postgresArrayType: UInt32 { 1009 }
    public func encode(into bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }
}

/// `bytea`.
extension Array: PostgresBindable where Element == UInt8 {
    public static var postgresType: UInt32 { PostgresType.bytea }
    public static var postgresArrayType: UInt32 { 1001 }
    public func encode(into bytes: inout [UInt8]) { bytes.append(contentsOf: self) }
}

/// `timestamptz`. For a `bigint` column of milliseconds bind ``Model/Timestamp/milliseconds``.
extension Timestamp: PostgresBindable {
    public static var postgresType: UInt32 { PostgresType.timestamptz }
    public static var postgresArrayType: UInt32 { 1185 }
    public func encode(into bytes: inout [UInt8]) {
        let (sinceEpoch, overflow) = milliseconds.subtractingReportingOverflow(PostgresType.epochMilliseconds)
        let (microseconds, tooLarge) = sinceEpoch.multipliedReportingOverflow(by: 1000)
        // What PostgreSQL cannot hold becomes its own -infinity or infinity.
        bytes.appendBigEndian(overflow || tooLarge ? (milliseconds < 0 ? Int64.min : Int64.max) : microseconds)
    }
}

extension [UInt8] {
    mutating func appendBigEndian<Number: FixedWidthInteger>(_ number: Number) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}
