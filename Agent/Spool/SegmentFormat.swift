internal import DurableFiles

/// The bytes of a segment, least significant first:
///
///     header   "EMSP" version=1 0 0 0 | epoch 8 | segment 8 | first sequence 8 | CRC-32C 4 | 0 4
///     mark     acknowledged bytes 8 | acknowledged records 4 | CRC-32C 4      (rewritten in place)
///     record   body's length 4 | CRC-32C 4 | sequence 8 | made at, ms 8 | body        (CRC without its own 4 bytes)
///     footer   "EMSE" | records 4 | bytes before 8 | first made at 8 | last made at 8 | CRC-32C 4   (once closed)
enum SegmentFormat {
    static let headerBytes = 40
    static let markBytes = 16
    /// Where the first record begins.
    static let firstRecord = headerBytes + markBytes
    static let recordHeaderBytes = 24
    static let footerBytes = 36
    private static let magic: [UInt8] = [0x45, 0x4d, 0x53, 0x50, 1, 0, 0, 0]
    private static let footerMagic: [UInt8] = [0x45, 0x4d, 0x53, 0x45]

    struct Header: Equatable {
        var epoch: UInt64
        var number: UInt64
        var firstSequence: UInt64
    }

    struct Mark: Equatable {
        var bytes: Int
        var records: Int
        /// Nothing was acknowledged.
        static let none = Mark(bytes: firstRecord, records: 0)
    }

    struct RecordHeader: Equatable {
        var length: Int
        var checksum: UInt32
        var sequence: UInt64
        var madeAt: Int64
        /// Where the next record begins, if this one begins at `offset`.
        func end(from offset: Int) -> Int { offset + recordHeaderBytes + length }
    }

    struct Footer: Equatable {
        var records: Int
        var bytes: Int
        var firstAt: Int64
        var lastAt: Int64
    }

    static func encode(_ header: Header) -> [UInt8] {
        var bytes = magic
        bytes.append(header.epoch, 8)
        bytes.append(header.number, 8)
        bytes.append(header.firstSequence, 8)
        bytes.append(CRC32C.checksum(bytes), 4)
        bytes.append(UInt32(0), 4)
        return bytes
    }

    static func header(_ bytes: ArraySlice<UInt8>) -> Header? {
        guard bytes.count >= headerBytes, bytes.prefix(8).elementsEqual(magic),
            bytes.number(at: 32, 4) == UInt64(CRC32C.checksum(bytes.prefix(32)))
        else { return nil }
        return Header(
            epoch: bytes.number(at: 8, 8), number: bytes.number(at: 16, 8), firstSequence: bytes.number(at: 24, 8))
    }

    static func encode(_ mark: Mark) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(UInt64(mark.bytes), 8)
        bytes.append(UInt32(mark.records), 4)
        bytes.append(CRC32C.checksum(bytes), 4)
        return bytes
    }

    /// A mark that cannot be read counts as none: then some batches go twice, which is harmless.
    static func mark(_ bytes: ArraySlice<UInt8>) -> Mark {
        guard bytes.count >= markBytes, bytes.number(at: 12, 4) == UInt64(CRC32C.checksum(bytes.prefix(12))),
            let position = Int(exactly: bytes.number(at: 0, 8))
        else { return .none }
        return Mark(bytes: position, records: Int(bytes.number(at: 8, 4)))
    }

    static func record(_ body: [UInt8], sequence: UInt64, madeAt: Int64) -> [UInt8] {
        var rest: [UInt8] = []
        rest.append(sequence, 8)
        rest.append(UInt64(bitPattern: madeAt), 8)
        rest += body
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + rest.count)
        bytes.append(UInt32(body.count), 4)
        bytes.append(CRC32C.checksum(rest, after: CRC32C.checksum(bytes)), 4)
        return bytes + rest
    }

    static func recordHeader(_ bytes: ArraySlice<UInt8>) -> RecordHeader? {
        guard bytes.count >= recordHeaderBytes else { return nil }
        return RecordHeader(
            length: Int(bytes.number(at: 0, 4)), checksum: UInt32(bytes.number(at: 4, 4)),
            sequence: bytes.number(at: 8, 8), madeAt: Int64(bitPattern: bytes.number(at: 16, 8)))
    }

    /// The body of the record that `bytes` begin with; nil if it is cut off or damaged.
    static func body(_ header: RecordHeader, _ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard bytes.count >= recordHeaderBytes + header.length else { return nil }
        let whole = bytes.prefix(recordHeaderBytes + header.length)
        let sum = CRC32C.checksum(whole.dropFirst(8), after: CRC32C.checksum(whole.prefix(4)))
        return sum == header.checksum ? whole.dropFirst(recordHeaderBytes) : nil
    }

    static func encode(_ footer: Footer) -> [UInt8] {
        var bytes = footerMagic
        bytes.append(UInt32(footer.records), 4)
        bytes.append(UInt64(footer.bytes), 8)
        bytes.append(UInt64(bitPattern: footer.firstAt), 8)
        bytes.append(UInt64(bitPattern: footer.lastAt), 8)
        bytes.append(CRC32C.checksum(bytes), 4)
        return bytes
    }

    /// The footer that ends a segment of `size` bytes.
    static func footer(_ bytes: ArraySlice<UInt8>, size: Int) -> Footer? {
        guard bytes.count == footerBytes, bytes.prefix(4).elementsEqual(footerMagic),
            bytes.number(at: 32, 4) == UInt64(CRC32C.checksum(bytes.prefix(32))),
            bytes.number(at: 8, 8) == UInt64(size - footerBytes)
        else { return nil }
        return Footer(
            records: Int(bytes.number(at: 4, 4)), bytes: size - footerBytes,
            firstAt: Int64(bitPattern: bytes.number(at: 16, 8)), lastAt: Int64(bitPattern: bytes.number(at: 24, 8)))
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ value: some FixedWidthInteger, _ count: Int) {
        for index in 0..<count { append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }
}

extension ArraySlice<UInt8> {
    /// The number of `count` bytes at `offset` from the slice's start.
    fileprivate func number(at offset: Int, _ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in (0..<count).reversed() { value = value << 8 | UInt64(self[startIndex + offset + index]) }
        return value
    }
}
