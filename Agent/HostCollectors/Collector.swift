internal import Model

/// One subject of the host.
protocol Collector {
    /// As node_exporter names it; label `collector`.
    var name: String { get }

    /// Reads the subject into `board`.
    mutating func collect(with reader: inout FileReader, into board: inout SampleBoard) throws(HostError)
}

/// A metric that a collector writes: what TYPE and HELP say.
struct Metric {
    var name: String
    var type: MetricType
    var help: String

    init(_ name: String, _ type: MetricType, _ help: String) {
        self.name = name
        self.type = type
        self.help = help
    }
}

/// A fixed list of metrics, and for each set of labels met so far their series numbers: looked up once, then kept.
struct SeriesGroup {
    private let metrics: [Metric]
    private var rows: [String: [Int]] = [:]

    init(_ metrics: [Metric]) {
        self.metrics = metrics
    }

    /// The numbers of the list's metrics, in its order, with `labels`; `key` stands for the labels.
    mutating func numbers(
        for key: String = "", labels: @autoclosure () -> [Label] = [], in board: inout SampleBoard
    ) -> [Int] {
        if let row = rows[key] { return row }
        let labels = labels()
        let row = metrics.map { metric in
            board.number(
                of: Labels(metric: metric.name, labels),
                family: board.family(metric.name, metric.type, help: metric.help))
        }
        rows[key] = row
        return row
    }

    /// Sets the list's metrics, in its order, to `values`; nil is left unset. Shorter lists set the first ones.
    mutating func set(
        _ values: [Double?], for key: String = "", labels: @autoclosure () -> [Label] = [],
        in board: inout SampleBoard
    ) {
        let row = numbers(for: key, labels: labels(), in: &board)
        for (number, value) in zip(row, values) {
            if let value { board.set(number, to: value) }
        }
    }
}
