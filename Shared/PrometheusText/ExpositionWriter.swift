public import Model

/// Writes text format 0.0.4: families in the order they were begun, each TYPE and HELP once.
public struct ExpositionWriter: Sendable {
    /// The media type to answer with.
    public static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// What was written.
    public private(set) var bytes: [UInt8] = []

    /// An empty exposition.
    public init() {}

    /// Begins a family: its HELP and TYPE lines.
    public mutating func family(_ name: String, _ type: MetricType, help: String) {
    }

    /// One sample line; `name` carries `_bucket`, `_sum`, `_count` where the family is a histogram.
    public mutating func sample(_ name: String, _ labels: [(name: String, value: String)] = [], _ value: Double) {
    }

    /// Every series of `board` that has a value, grouped by family.
    public mutating func board(_ board: SampleBoard) {
    }
}
