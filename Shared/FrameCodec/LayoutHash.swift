/// Names a layout by what it contains: SHA-256 over its parent's hash and its additions.
public struct LayoutHash: Hashable, Sendable, CustomStringConvertible {
    private let words: SIMD4<UInt64>

    /// The parent of a layout that has none: 32 zero bytes.
    public static let none = LayoutHash(words: .zero)

    private init(words: SIMD4<UInt64>) { self.words = words }

    /// The hash of these 32 bytes; nil for any other count.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        var words = SIMD4<UInt64>.zero
        for (at, byte) in bytes.enumerated() { words[at / 8] = words[at / 8] << 8 | UInt64(byte) }
        self.words = words
    }

    /// 32 bytes.
    public var bytes: [UInt8] {
        (0..<32).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64(56 - 8 * ($0 % 8))) }
    }

    /// 64 hex digits.
    public var description: String {
        (0..<4).map { at in
            let digits = String(words[at], radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
