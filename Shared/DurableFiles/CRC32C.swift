/// The Castagnoli checksum (RFC 3720 appendix B.4), eight bytes a step by table.
public enum CRC32C {
    private static let polynomial: UInt32 = 0x82f6_3b78

    /// `tables[k][b]` is the checksum of byte `b` followed by `k` zero bytes; flat, 8 × 256.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
            tables[byte] = value
        }
        for slice in 1..<8 {
            for byte in 0..<256 {
                let before = tables[(slice - 1) * 256 + byte]
                tables[slice * 256 + byte] = before >> 8 ^ tables[Int(before & 0xff)]
            }
        }
        return tables
    }()

    /// The checksum of `bytes` after `previous`, so that a record can be summed in parts.
    public static func checksum(_ bytes: UnsafeRawBufferPointer, after previous: UInt32 = 0) -> UInt32 {
        tables.withUnsafeBufferPointer { tables in
            var sum = ~previous
            var at = 0
            while at + 8 <= bytes.count {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) ^ UInt64(sum)
                sum = 0
                for slice in 0..<8 {
                    sum ^= tables[(7 - slice) * 256 + Int(word >> UInt64(slice * 8) & 0xff)]
                }
                at += 8
            }
            while at < bytes.count {
                sum = sum >> 8 ^ tables[Int((sum ^ UInt32(bytes[at])) & 0xff)]
                at += 1
            }
            return ~sum
        }
    }

    /// The checksum of `bytes` after `previous`.
    public static func checksum(_ bytes: some Sequence<UInt8>, after previous: UInt32 = 0) -> UInt32 {
        let array = Array(bytes)
        return array.withUnsafeBytes { checksum($0, after: previous) }
    }
}
