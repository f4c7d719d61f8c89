public import Model

/// A keyframe as it stands in a batch: one scrape, whole.
public struct Keyframe: Sendable {
    /// Number of its source.
    public let source: Int
    /// When the values were true.
    public let timestamp: Timestamp
    /// The layout that names its series.
    public let layout: LayoutHash
    /// How many series of each class there are: what frames after it are checked against.
    public let shape: KeyframeShape
    /// Where its values are in the batch's body.
    public let payload: Range<Int>
}

/// How many series a keyframe has, by class: enough to check the frames that build on it.
public struct KeyframeShape: Hashable, Sendable {
    /// Whole numbers other than 0.
    public var whole: Int
    /// Zeros.
    public var zero: Int
    /// Everything else.
    public var fraction: Int

    /// All series.
    public var series: Int { whole + zero + fraction }
}

/// The values of a keyframe, and what is needed to read frames against it.
public struct KeyframeValues: Sendable {
    /// By series; `Double.stale` where the series has no value.
    public let values: [Double]
    /// Series of each class, rising.
    let whole: [UInt32]
    let zero: [UInt32]
    let fraction: [UInt32]

    /// Sorts `values` into classes.
    public init(_ values: [Double]) {
        var classes: (whole: [UInt32], zero: [UInt32], fraction: [UInt32]) = ([], [], [])
        for (index, value) in values.enumerated() {
            switch ValueClass(value) {
            case .whole: classes.whole.append(UInt32(index))
            case .zero: classes.zero.append(UInt32(index))
            case .fraction: classes.fraction.append(UInt32(index))
            }
        }
        self.values = values
        (whole, zero, fraction) = classes
    }

    /// How many series of each class there are.
    public var shape: KeyframeShape {
        KeyframeShape(whole: whole.count, zero: zero.count, fraction: fraction.count)
    }
}

extension KeyframeValues {
    /// Writes all values: changes against a keyframe of zeros.
    func encode(into writer: inout ByteWriter) {
        writer.varint(values.count)
        var changes = ChangeWriter()
        for value in values {
            if value.bitPattern == 0 { changes.keep() } else { changes.change(value, base: 0) }
        }
        changes.finish(into: &writer)
    }

    /// Reads all values; the count was checked before.
    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, limit: Int) throws(CodecError) {
        var reader = ByteReader(bytes, range)
        let count = try Self.count(&reader, limit: limit)
        var values = [Double](repeating: 0, count: count)
        var changes = try ChangeReader(reader, limit: count)
        while let (index, change) = try changes.next() {
            switch change {
            case .difference(let difference): values[index] = Double(difference)
            case .fraction: values[index] = try changes.fraction(base: 0)
            }
        }
        try changes.tokens.finish()
        self.init(values)
    }

    /// Checks a keyframe's payload and counts its classes, without making room for its values.
    static func shape(_ reader: ByteReader, limit: Int) throws(CodecError) -> KeyframeShape {
        var reader = reader
        let count = try Self.count(&reader, limit: limit)
        var changes = try ChangeReader(reader, limit: count)
        var shape = KeyframeShape(whole: 0, zero: count, fraction: 0)
        while let (_, change) = try changes.next() {
            let value: Double =
                switch change {
                case .difference(let difference): Double(difference)
                case .fraction: try changes.fraction(base: 0)
                }
            switch ValueClass(value) {
            case .zero: continue
            case .whole: shape.whole += 1
            case .fraction: shape.fraction += 1
            }
            shape.zero -= 1
        }
        try changes.tokens.finish()
        return shape
    }

    private static func count(_ reader: inout ByteReader, limit: Int) throws(CodecError) -> Int {
        let start = reader.at
        let count = try reader.varint()
        guard count <= UInt64(limit) else { throw CodecError(.tooLarge, at: start, "more than \(limit) series") }
        return Int(count)
    }
}
