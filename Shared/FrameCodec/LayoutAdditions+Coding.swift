internal import Model

extension LayoutAdditions {
    /// Bytes of a metric's or label's name.
    static let nameLimit = 255
    /// Bytes of a label's value or a HELP line.
    static let textLimit = 4096
    /// Labels of a series.
    static let labelLimit = 64

    static func encode(
        _ parent: LayoutHash, _ parentSize: LayoutSize, _ families: [MetricFamily], _ series: [Layout.Series],
        into writer: inout ByteWriter
    ) {
        writer.raw(parent.bytes)
        writer.varint(parentSize.families)
        writer.varint(parentSize.series)
        writer.varint(families.count)
        for family in families {
            writer.byte(family.type.rawValue)
            writer.text(family.name)
            writer.text(family.help)
        }
        writer.varint(series.count)
        for one in series {
            writer.varint(one.family)
            writer.varint(one.labels.count)
            for label in one.labels {
                writer.text(label.name)
                writer.text(label.value)
            }
        }
    }

    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, limits: CodecLimits) throws(CodecError) {
        var reader = ByteReader(bytes, range)
        guard let parent = LayoutHash(bytes: try reader.array(32)) else { preconditionFailure("32 bytes were read") }
        let start = reader.at
        let familiesBefore = try reader.varint()
        let seriesBefore = try reader.varint()
        guard familiesBefore <= UInt64(limits.series), seriesBefore <= UInt64(limits.series) else {
            throw CodecError(.tooLarge, at: start, "a layout of more than \(limits.series) series")
        }
        let size = LayoutSize(families: Int(familiesBefore), series: Int(seriesBefore))
        guard parent != .none || size == LayoutSize(families: 0, series: 0) else {
            throw CodecError(.malformed, at: start, "a first layout with something before it")
        }
        let families = try Self.families(&reader, limit: limits.series - size.families)
        let series = try Self.series(
            &reader, families: size.families + families.count, limit: limits.series - size.series)
        try reader.finish()
        self.init(parent, size, families, series, encoded: Array(bytes[range]))
    }

    private static func families(_ reader: inout ByteReader, limit: Int) throws(CodecError) -> [MetricFamily] {
        let count = try reader.count(bytesEach: 3, limit: limit)
        var families: [MetricFamily] = []
        families.reserveCapacity(count)
        for _ in 0..<count {
            let start = reader.at
            guard let type = MetricType(rawValue: try reader.byte()) else {
                throw CodecError(.malformed, at: start, "a type of metric that is not known here")
            }
            let name = try reader.text(limit: nameLimit)
            guard isMetricName(name) else { throw CodecError(.malformed, at: start, "no metric name") }
            families.append(MetricFamily(name: name, type: type, help: try reader.text(limit: textLimit)))
        }
        return families
    }

    private static func series(
        _ reader: inout ByteReader, families: Int, limit: Int
    ) throws(CodecError) -> [Layout.Series] {
        let count = try reader.count(bytesEach: 4, limit: limit)
        var series: [Layout.Series] = []
        series.reserveCapacity(count)
        for _ in 0..<count {
            let start = reader.at
            let family = try reader.varint()
            guard family < UInt64(families) else { throw CodecError(.malformed, at: start, "no such family") }
            series.append(Layout.Series(labels: try labels(&reader), family: Int(family)))
        }
        return series
    }

    /// One label set: names rising, values not empty, `__name__` among them.
    private static func labels(_ reader: inout ByteReader) throws(CodecError) -> Labels {
        let start = reader.at
        let count = try reader.count(bytesEach: 3, limit: labelLimit)
        var labels: [Label] = []
        labels.reserveCapacity(count)
        var hasName = false
        for _ in 0..<count {
            let label = Label(try reader.text(limit: nameLimit), try reader.text(limit: textLimit))
            let isMetric = label.name == Labels.metricName
            guard isMetric ? isMetricName(label.value) : isLabelName(label.name), !label.value.isEmpty,
                labels.last.map({ $0.name < label.name }) ?? true
            else { throw CodecError(.malformed, at: start, "a label that may not stand here") }
            hasName = hasName || isMetric
            labels.append(label)
        }
        guard hasName else { throw CodecError(.malformed, at: start, "a series without a name") }
        return Labels(labels)
    }

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
    static func isMetricName(_ name: String) -> Bool {
        isName(name) { $0 == UInt8(ascii: ":") }
    }

    /// `[a-zA-Z_][a-zA-Z0-9_]*`
    static func isLabelName(_ name: String) -> Bool {
        isName(name) { _ in false }
    }

    private static func isName(_ name: String, _ also: (UInt8) -> Bool) -> Bool {
        var isFirst = true
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): break
            case UInt8(ascii: "0")...UInt8(ascii: "9") where !isFirst: break
            default: if !also(byte) { return false }
            }
            isFirst = false
        }
        return !isFirst
    }
}
