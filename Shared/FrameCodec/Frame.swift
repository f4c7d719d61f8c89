public import Model

/// A frame as it stands in a batch: one scrape, as what differs from a named keyframe.
public struct Frame: Sendable {
    /// Number of its source.
    public let source: Int
    /// When the values were true.
    public let timestamp: Timestamp
    /// The keyframe it builds on: the sequence of the batch that holds it, in the same epoch.
    public let keyframe: UInt64
    /// How many series of each class it touches at most; never more than its keyframe has.
    public let bound: KeyframeShape
    /// Where its changes are in the batch's body.
    public let payload: Range<Int>
}

/// Frames: writing one against its keyframe, and reading it whole or by columns.
enum FrameCoding {
    /// Writes what in `values` differs, by bit pattern, from `keyframe`, which has as many series.
    static func encode(_ values: [Double], keyframe: KeyframeValues, into writer: inout ByteWriter) {
        for indexes in [keyframe.whole, keyframe.zero] {
            var changes = ChangeWriter()
            for index in indexes {
                let (value, base) = (values[Int(index)], keyframe.values[Int(index)])
                if value.bitPattern == base.bitPattern { changes.keep() } else { changes.change(value, base: base) }
            }
            changes.finish(into: &writer)
        }
        encodeFractions(values, keyframe: keyframe, into: &writer)
    }

    /// A bitmap of the fractions that changed, without its trailing zero bytes, then their values.
    private static func encodeFractions(_ values: [Double], keyframe: KeyframeValues, into writer: inout ByteWriter) {
        var bitmap = [UInt8](repeating: 0, count: (keyframe.fraction.count + 7) / 8)
        var fractions = ByteWriter()
        for (ordinal, index) in keyframe.fraction.enumerated() {
            let (value, base) = (values[Int(index)], keyframe.values[Int(index)])
            if value.bitPattern == base.bitPattern { continue }
            bitmap[ordinal / 8] |= 1 << UInt8(ordinal % 8)
            FractionCoding.encode(value, base: base, into: &fractions)
        }
        while bitmap.last == 0 { bitmap.removeLast() }
        writer.varint(bitmap.count)
        writer.raw(bitmap)
        writer.raw(fractions.bytes)
    }

    /// Checks the structure of the frame at `reader`, to its end, and tells how many series of each class it needs.
    static func bound(_ reader: ByteReader, limit: Int) throws(CodecError) -> KeyframeShape {
        let whole = try ChangeReader(reader, limit: limit)
        let zero = try ChangeReader(try whole.check(), limit: limit)
        let bounds = (whole.bound, zero.bound)
        var rest = try zero.check()
        let bitmap = try rest.array(try rest.count(limit: (limit + 7) / 8))
        for byte in bitmap {
            for _ in 0..<byte.nonzeroBitCount { try FractionCoding.skip(&rest) }
        }
        try rest.finish()
        let fraction = bitmap.last.map { bitmap.count * 8 - $0.leadingZeroBitCount } ?? 0
        return KeyframeShape(whole: bounds.0, zero: bounds.1, fraction: fraction)
    }

    /// Every value of the frame.
    static func decode(_ reader: ByteReader, keyframe: KeyframeValues) throws(CodecError) -> [Double] {
        var values = keyframe.values
        var rest = reader
        for indexes in [keyframe.whole, keyframe.zero] {
            var changes = try ChangeReader(rest, limit: indexes.count)
            while let (ordinal, change) = try changes.next() {
                let index = Int(indexes[ordinal])
                values[index] = try changes.value(change, base: values[index])
            }
            rest = changes.tokens
        }
        let bitmap = try Self.bitmap(&rest, series: keyframe.fraction.count)
        for ordinal in 0..<bitmap.count * 8 where bitmap[ordinal / 8] >> UInt8(ordinal % 8) & 1 == 1 {
            let index = Int(keyframe.fraction[ordinal])
            values[index] = try FractionCoding.decode(&rest, base: values[index])
        }
        try rest.finish()
        return values
    }

    /// The bitmap of changed fractions, none of them beyond `series`.
    static func bitmap(_ reader: inout ByteReader, series: Int) throws(CodecError) -> [UInt8] {
        let start = reader.at
        let bitmap = try reader.array(try reader.count(limit: (series + 7) / 8))
        if let last = bitmap.last, bitmap.count * 8 - last.leadingZeroBitCount > series {
            throw CodecError(.malformed, at: start, "a change beyond the last series")
        }
        return bitmap
    }
}

extension ChangeReader {
    /// The value after `change`, which `next` just returned.
    mutating func value(_ change: Change, base: Double) throws(CodecError) -> Double {
        switch change {
        case .difference(let difference): Double(base.wholeOrZero &+ difference)
        case .fraction: try fraction(base: base)
        }
    }
}
