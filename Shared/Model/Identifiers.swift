/// An etcd member or cluster id: unsigned, all 64 bits used. Written in hex, as etcdctl does; never a JSON number.
public struct EtcdID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number.
    public var value: UInt64

    /// The id with this number; 0 means "none" in etcd's answers.
    public init(_ value: UInt64) {
        self.value = value
    }

    /// The id written in hex, without prefix; nil if it is not 1 to 16 hex digits.
    public init?(hex: String) {
        guard !hex.isEmpty, hex.utf8.count <= 16, hex.utf8.allSatisfy({ $0 != 0x2b && $0 != 0x2d }),
            let value = UInt64(hex, radix: 16)
        else { return nil }
        self.value = value
    }

    /// Hex without leading zeros: `8e9e05c52164694d`.
    public var description: String { String(value, radix: 16) }

    /// By number.
    public static func < (left: EtcdID, right: EtcdID) -> Bool { left.value < right.value }
}

/// An enrolled agent: 128 random bits, given by the aggregator, written as 32 hex digits.
public struct AgentID: Hashable, Sendable, CustomStringConvertible {
    /// 16 bytes.
    public let bytes: [UInt8]

    /// The id of these 16 bytes; nil for any other count.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// The id written in 32 hex digits; nil for anything else.
    public init?(_ hex: String) {
        let digits = Array(hex.utf8)
        guard digits.count == 32 else { return nil }
        var bytes: [UInt8] = []
        for at in stride(from: 0, to: 32, by: 2) {
            guard let high = Character(UnicodeScalar(digits[at])).hexDigitValue,
                let low = Character(UnicodeScalar(digits[at + 1])).hexDigitValue
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        self.bytes = bytes
    }

    /// 32 lower-case hex digits.
    public var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
