/// Appends what ByteReader reads.
package struct ByteWriter: Sendable {
    /// Writes nothing yet.
    package init() {}

    /// What was written.
    package private(set) var bytes: [UInt8] = []

    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    package mutating func byte(_ byte: UInt8) { bytes.append(byte) }

    package mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    package mutating func varint(_ value: Int) { varint(UInt64(value)) }

    package mutating func signed(_ value: Int64) { varint(ZigZag.encode(value)) }

    /// The `count` low bytes of `value`, least significant first.
    package mutating func littleEndian(_ value: UInt64, _ count: Int) {
        for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value &>> UInt64(8 * index))) }
    }

    package mutating func raw(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    package mutating func text(_ text: String) {
        varint(text.utf8.count)
        raw(text.utf8)
    }

    /// An item of a batch: its kind, its length and what `body` writes.
    mutating func item(_ kind: ItemKind, _ body: (inout ByteWriter) -> Void) {
        var inner = ByteWriter()
        body(&inner)
        byte(kind.rawValue)
        varint(inner.bytes.count)
        raw(inner.bytes)
    }
}
