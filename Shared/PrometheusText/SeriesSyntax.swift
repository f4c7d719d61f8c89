internal import Model

/// Where the name and the labels of a sample line are, not yet made into strings.
struct SeriesSyntax {
    var name: Range<Int>
    var labels: [(name: Range<Int>, value: Range<Int>, hasEscapes: Bool)] = []

    /// The labels with `__name__`.
    func labels(
        _ bytes: UnsafeRawBufferPointer, limits: ExpositionLimits, line: Int
    ) throws(ExpositionError) -> Labels {
        var result = [Label(Labels.metricName, String(decoding: bytes[name], as: UTF8.self))]
        result.reserveCapacity(labels.count + 1)
        for label in labels {
            let name = String(decoding: bytes[label.name], as: UTF8.self)
            guard !result.contains(where: { $0.name == name }) else {
                throw ExpositionError(.badLabels, line: line, "the label \(name) stands twice")
            }
            let text = label.hasEscapes ? Self.unescaped(bytes[label.value]) : Array(bytes[label.value])
            guard let value = String(validating: text, as: UTF8.self) else {
                throw ExpositionError(.badLabels, line: line, "the value of \(name) is not UTF-8")
            }
            guard text.count <= limits.textBytes else {
                throw ExpositionError(.badLabels, line: line, "the value of \(name) is too long")
            }
            result.append(Label(name, value))
        }
        return Labels(result)
    }

    /// `\\`, `\"` and `\n` replaced by what they mean; other escapes stay as they are, as in Prometheus.
    static func unescaped(_ text: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
        var result: [UInt8] = []
        var isEscaped = false
        for byte in text {
            if !isEscaped {
                isEscaped = byte == UInt8(ascii: "\\")
                if !isEscaped { result.append(byte) }
                continue
            }
            isEscaped = false
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""): result.append(byte)
            case UInt8(ascii: "n"): result.append(UInt8(ascii: "\n"))
            default: result += [UInt8(ascii: "\\"), byte]
            }
        }
        if isEscaped { result.append(UInt8(ascii: "\\")) }
        return result
    }
}

extension TextCursor {
    /// Reads `name{label="value",…}` and the blanks after it.
    mutating func series(limits: ExpositionLimits) throws(ExpositionError) -> SeriesSyntax {
        var series = SeriesSyntax(name: try name(isMetric: true, limit: limits.nameBytes))
        skipBlanks()
        if current == UInt8(ascii: "{") {
            at += 1
            try labels(into: &series, limits: limits)
            skipBlanks()
        } else if at == series.name.upperBound {
            throw problem(.badName, "a blank or { should follow the metric's name")
        }
        return series
    }

    private mutating func labels(into series: inout SeriesSyntax, limits: ExpositionLimits) throws(ExpositionError) {
        while true {
            skipBlanks()
            if current == UInt8(ascii: "}") { break }
            guard series.labels.count < limits.labels else {
                throw problem(.badLabels, "more than \(limits.labels) labels")
            }
            let name = try name(isMetric: false, limit: limits.nameBytes)
            skipBlanks()
            guard current == UInt8(ascii: "=") else { throw problem(.badLabels, "= should follow the label's name") }
            at += 1
            skipBlanks()
            let (value, hasEscapes) = try quoted()
            series.labels.append((name, value, hasEscapes))
            skipBlanks()
            if current == UInt8(ascii: ",") {
                at += 1
            } else if current != UInt8(ascii: "}") {
                throw problem(.badLabels, "a comma or } should follow the label's value")
            }
        }
        at += 1
    }

    /// Text in quotes; moves behind the second one.
    private mutating func quoted() throws(ExpositionError) -> (Range<Int>, hasEscapes: Bool) {
        guard current == UInt8(ascii: "\"") else { throw problem(.badLabels, "the label's value should be in quotes") }
        at += 1
        let start = at
        var hasEscapes = false
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                defer { at += 1 }
                return (start..<at, hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                at += 2
            case UInt8(ascii: "\n"):
                throw problem(.badLabels, "the label's value does not end on its line")
            default:
                at += 1
            }
        }
        at = bytes.count
        throw problem(.badLabels, "the label's value does not end")
    }
}
