/// What kind of metric a family is, as the text format's TYPE line says it.
public enum MetricType: UInt8, Sendable, CaseIterable {
    case unknown = 0
    case counter = 1
    case gauge = 2
    case histogram = 3
    case summary = 4

    /// The word of the TYPE line.
    public var word: String {
        switch self {
        case .unknown: "untyped"
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        case .summary: "summary"
        }
    }
}

/// A metric family: what TYPE and HELP say.
public struct MetricFamily: Hashable, Sendable {
    /// Without `_bucket`, `_sum`, `_count`.
    public var name: String
    /// counter, gauge, …
    public var type: MetricType
    /// One line of text, "" if none.
    public var help: String

    /// The family `name`.
    public init(name: String, type: MetricType, help: String) {
        self.name = name
        self.type = type
        self.help = help
    }
}

/// The current values of one source: what a scrape or a collector writes and a frame is made from.
///
/// Series are numbered by first appearance and never renumbered, so that a frame can name them by number. A round is
/// `begin()`, `set` for each value, `end()`; a series that was not set in a round is stale after it.
public struct SampleBoard: Sendable {
    /// One series: its labels with `__name__`, and the number of its family in `families`.
    public struct Series: Hashable, Sendable {
        /// With `__name__`, without identity labels.
        public var labels: Labels
        /// Index into `families`.
        public var family: Int
    }

    /// Families by first appearance.
    public private(set) var families: [MetricFamily] = []
    /// Series by first appearance.
    public private(set) var series: [Series] = []
    /// One value per series, `Double.stale` where there is none.
    public private(set) var values: [Double] = []

    private var numbers: [Labels: Int] = [:]
    private var familyNumbers: [String: Int] = [:]
    private var seen: [Bool] = []

    /// An empty board.
    public init() {}

    /// Starts a round: no series has been seen.
    public mutating func begin() {
        for index in seen.indices { seen[index] = false }
    }

    /// Ends a round: what was not set has no value.
    public mutating func end() {
        for index in seen.indices where !seen[index] { values[index] = .stale }
    }

    /// The number of the family `name`; the first call for a name decides type and help.
    public mutating func family(_ name: String, _ type: MetricType = .unknown, help: String = "") -> Int {
        if let number = familyNumbers[name] { return number }
        familyNumbers[name] = families.count
        families.append(MetricFamily(name: name, type: type, help: help))
        return families.count - 1
    }

    /// The number of the series `labels` (with `__name__`) of `family`, stale until it is set.
    public mutating func number(of labels: Labels, family: Int) -> Int {
        if let number = numbers[labels] { return number }
        numbers[labels] = series.count
        series.append(Series(labels: labels, family: family))
        values.append(.stale)
        seen.append(false)
        return series.count - 1
    }

    /// Sets the value of series `number` for this round.
    public mutating func set(_ number: Int, to value: Double) {
        values[number] = value
        seen[number] = true
    }

    /// Keeps the value that series `number` had in the round before.
    public mutating func keep(_ number: Int) {
        seen[number] = true
    }

    /// Sets the value of `name{labels}`: for the few series whose number is not worth keeping.
    public mutating func set(
        _ name: String, _ labels: Labels = Labels(), to value: Double, _ type: MetricType, help: String
    ) {
        var full = labels
        full[Labels.metricName] = name
        set(number(of: full, family: family(name, type, help: help)), to: value)
    }
}
