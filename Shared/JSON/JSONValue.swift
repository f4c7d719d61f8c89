// JSON: reads and writes RFC 8259 without Foundation: a total parser whose input may be hostile, accessors that fit
// etcd's gateway (64-bit integers as strings), and an append-only writer. Leaves mapping to types to each caller.

/// A JSON value. Numbers keep their text, so that no digit is lost; objects keep their order and repeated keys.
public enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// The number as it was written, valid by RFC 8259.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// Members in order; of repeated keys the last counts.
    case object([(String, JSONValue)])
}

extension JSONValue {
    /// The member `key` of an object; nil if this is no object or lacks it.
    public subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.0 == key }?.1
    }

    /// The element at `index` of an array; nil if this is no array or too short.
    public subscript(index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// Whether this is null.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The text of a string; nil for anything else.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// A Boolean; nil for anything else.
    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The elements of an array; nil for anything else.
    public var array: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members of an object, in order; nil for anything else.
    public var object: [(String, JSONValue)]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// A whole number from 0 to 2⁶⁴−1, written as a number or, as etcd's gateway does, as a string.
    public var uint64: UInt64? { integerText.flatMap { UInt64($0) } }

    /// A whole number that fits Int64, written as a number or as a string.
    public var int64: Int64? { integerText.flatMap { Int64($0) } }

    /// A whole number that fits Int, written as a number or as a string.
    public var int: Int? { integerText.flatMap { Int($0) } }

    /// A number, rounded to the nearest Double; strings are not numbers here.
    public var double: Double? {
        if case .number(let text) = self { Double(text) } else { nil }
    }

    private var integerText: String? {
        switch self {
        case .number(let text): text
        case .string(let text) where text.utf8.first != UInt8(ascii: "+"): text
        default: nil
        }
    }
}

extension JSONValue: Equatable {
    /// Same shape and same text; members in the same order.
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left.elementsEqual(right) { $0.0 == $1.0 && $0.1 == $1.1 }
        default: false
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .number(String(value)) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(nilLiteral: ()) { self = .null }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(elements) }
}

extension JSONValue: CustomStringConvertible {
    /// Compact JSON.
    public var description: String { String(decoding: serialized(), as: UTF8.self) }

    /// Compact JSON in UTF-8.
    public func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }
}
