/// A value that is no whole number, against the keyframe's value of the same series.
///
/// One byte says how: 0…8, so many low bytes of the exclusive or of both bit patterns; 0x10+n, a difference in
/// nanounits of n bytes and a correction of one byte; 0x20+n, the same with a correction of two bytes. Sums of seconds
/// are sums of whole nanoseconds with rounding errors, so the last two are usually shorter.
enum FractionCoding {
    /// Appends `value`.
    static func encode(_ value: Double, base: Double, into writer: inout ByteWriter) {
        let difference = value.bitPattern ^ base.bitPattern
        let plain = byteCount(difference)
        if let (nanos, correction) = nanoParts(value, base: base) {
            let nanoBytes = byteCount(nanos)
            let correctionBytes = correction < 0x100 ? 1 : 2
            if nanoBytes + correctionBytes < plain {
                writer.byte(UInt8(correctionBytes << 4 | nanoBytes))
                writer.littleEndian(nanos, nanoBytes)
                writer.littleEndian(correction, correctionBytes)
                return
            }
        }
        writer.byte(UInt8(plain))
        writer.littleEndian(difference, plain)
    }

    /// The value written next.
    static func decode(_ reader: inout ByteReader, base: Double) throws(CodecError) -> Double {
        let (form, bytes) = try head(&reader)
        let body = try reader.littleEndian(bytes)
        guard form > 0 else { return Double(bitPattern: base.bitPattern ^ body) }
        let correction = ZigZag.decode(try reader.littleEndian(form))
        let whole = Double(nanos(base) &+ ZigZag.decode(body)) / 1e9
        return Double(bitPattern: whole.bitPattern &+ UInt64(bitPattern: correction))
    }

    /// Passes over the value written next.
    static func skip(_ reader: inout ByteReader) throws(CodecError) {
        let (form, bytes) = try head(&reader)
        _ = try reader.skip(bytes + form)
    }

    /// How many bytes of correction, and how many before it.
    private static func head(_ reader: inout ByteReader) throws(CodecError) -> (form: Int, bytes: Int) {
        let start = reader.at
        let head = Int(try reader.byte())
        let (form, bytes) = (head >> 4, head & 0xf)
        guard form <= 2, bytes <= 8 else { throw CodecError(.malformed, at: start, "no such form of a value") }
        return (form, bytes)
    }

    /// `value` as a difference in nanounits from `base` and a correction in units of the last place, both zigzag; nil
    /// if that does not give back every bit.
    private static func nanoParts(_ value: Double, base: Double) -> (nanos: UInt64, correction: UInt64)? {
        guard value.magnitude < nanoLimit else { return nil }
        let whole = nanos(value)
        let rough = Double(whole) / 1e9
        let correction = ZigZag.encode(Int64(bitPattern: value.bitPattern &- rough.bitPattern))
        guard correction < 0x10000 else { return nil }
        return (ZigZag.encode(whole &- nanos(base)), correction)
    }

    /// Beyond it a Double is coarser than a nanounit.
    private static let nanoLimit = 0x1p53 / 1e9

    private static func nanos(_ value: Double) -> Int64 {
        value.magnitude < nanoLimit ? Int64((value * 1e9).rounded()) : 0
    }

    private static func byteCount(_ value: UInt64) -> Int { (64 - value.leadingZeroBitCount + 7) / 8 }
}
