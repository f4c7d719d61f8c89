/// Finds values in the text of a JSON document that is known to be valid.
struct JSONPosition {
    /// From a value to one within it.
    enum Step: Equatable {
        case key(String)
        case index(Int)
    }

    private let bytes: [UInt8]
    private var at = 0

    /// The line, from 1, of the byte at `offset`.
    static func line(at offset: Int, in bytes: [UInt8]) -> Int {
        1 + bytes.prefix(offset).count { $0 == UInt8(ascii: "\n") }
    }

    /// Where the value at `path` begins; of repeated keys at the last, which is the one that counts. The innermost value
    /// that is there, if the path leads further.
    static func offset(of path: [Step], in bytes: [UInt8]) -> Int {
        var position = JSONPosition(bytes: bytes)
        position.skipSpace()
        for step in path {
            guard let next = position.child(step) else { break }
            position.at = next
        }
        return position.at
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var byte: UInt8 { at < bytes.count ? bytes[at] : 0 }

    /// Where the child of the value here begins.
    private func child(_ step: Step) -> Int? {
        var walk = self
        let isObject = byte == UInt8(ascii: "{")
        guard isObject || byte == UInt8(ascii: "[") else { return nil }
        var index = 0
        var found: Int?
        walk.at += 1
        walk.skipSpace()
        while walk.at < bytes.count, walk.byte != UInt8(ascii: "}"), walk.byte != UInt8(ascii: "]") {
            var matches = step == .index(index)
            if isObject {
                let start = walk.at + 1
                walk.skipString()
                matches = step == .key(String(decoding: bytes[start..<walk.at - 1], as: UTF8.self))
                walk.skipSpace()
                walk.at += 1  // the colon
                walk.skipSpace()
            }
            if matches { found = walk.at }
            walk.skipValue()
            walk.skipSpace()
            if walk.byte == UInt8(ascii: ",") { walk.at += 1 }
            walk.skipSpace()
            index += 1
        }
        return found
    }

    private mutating func skipSpace() {
        while [0x20, 0x09, 0x0a, 0x0d].contains(byte) { at += 1 }
    }

    private mutating func skipString() {
        at += 1
        while at < bytes.count, byte != UInt8(ascii: "\"") { at += byte == UInt8(ascii: "\\") ? 2 : 1 }
        at += 1
    }

    private mutating func skipValue() {
        var depth = 0
        repeat {
            switch byte {
            case UInt8(ascii: "\""): skipString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                at += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                at += 1
            default:
                // Within brackets byte by byte; on its own a number or word, up to what ends it.
                repeat { at += 1 } while depth == 0 && at < bytes.count && !Self.ends(byte)
            }
        } while depth > 0 && at < bytes.count
    }

    private static func ends(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0a, 0x0d, 0x2c, 0x5d, 0x7d].contains(byte) }
}
