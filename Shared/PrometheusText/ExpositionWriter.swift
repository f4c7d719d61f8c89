public import Model

/// Writes text format 0.0.4: families in the order they were begun, each TYPE and HELP once.
public struct ExpositionWriter: Sendable {
    /// The media type to answer with.
    public static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// What was written.
    public private(set) var bytes: [UInt8] = []

    /// An empty exposition.
    public init() {}

    /// Begins a family: its HELP and TYPE lines. Its samples follow.
    public mutating func family(_ name: String, _ type: MetricType, help: String) {
        if !help.isEmpty {
            append("# HELP \(name) ")
            appendEscaped(help, quote: false)
            append("\n")
        }
        append("# TYPE \(name) \(type.word)\n")
    }

    /// One sample line; `name` carries `_bucket`, `_sum`, `_count` where the family is a histogram.
    ///
    /// - Parameter at: when it was taken; nil for now, as most expositions mean.
    public mutating func sample(
        _ name: String, _ labels: [(name: String, value: String)] = [], _ value: Double, at: Timestamp? = nil
    ) {
        append(name)
        for (at, label) in labels.enumerated() {
            append(at == 0 ? "{" : ",")
            append(label.name)
            append("=\"")
            appendEscaped(label.value, quote: true)
            append("\"")
        }
        append(labels.isEmpty ? " " : "} ")
        append(Self.text(value))
        if let at { append(" \(at.milliseconds)") }
        append("\n")
    }

    /// Every series of `board` that has a value, grouped by family.
    public mutating func board(_ board: SampleBoard) {
        var members = [[Int]](repeating: [], count: board.families.count)
        for (number, series) in board.series.enumerated() where !board.values[number].isStale {
            members[series.family].append(number)
        }
        for (family, numbers) in zip(board.families, members) where !numbers.isEmpty {
            self.family(family.name, family.type, help: family.help)
            for number in numbers {
                let labels = board.series[number].labels
                let rest = labels.filter { $0.name != Labels.metricName }.map { ($0.name, $0.value) }
                sample(labels.metric, rest, board.values[number])
            }
        }
    }

    /// A value as Prometheus writes it: `1`, `0.25`, `NaN`, `+Inf`.
    public static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let text = value.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func appendEscaped(_ text: String, quote: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes += [byte, byte]
            case UInt8(ascii: "\n"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case UInt8(ascii: "\"") where quote: bytes += [UInt8(ascii: "\\"), byte]
            default: bytes.append(byte)
            }
        }
    }
}
