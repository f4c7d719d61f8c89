/// One label of a series.
public struct Label: Hashable, Comparable, Sendable {
    /// `[a-zA-Z_][a-zA-Z0-9_]*`; `__name__` is the metric's name.
    public var name: String
    /// Any UTF-8.
    public var value: String

    /// The label `name="value"`.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Values are compared byte by byte, as Prometheus does.
    public static func == (left: Label, right: Label) -> Bool {
        left.value.hasSameBytes(as: right.value) && left.name == right.name
    }

    /// By name, then by the bytes of the value.
    public static func < (left: Label, right: Label) -> Bool {
        guard left.name == right.name else { return left.name < right.name }
        return left.value.utf8.lexicographicallyPrecedes(right.value.utf8)
    }
}

/// A series' identity: labels sorted by name, each name once, no empty values (Prometheus: empty means absent).
public struct Labels: Hashable, Sendable, RandomAccessCollection, CustomStringConvertible {
    /// The name of the label that holds the metric's name.
    public static let metricName = "__name__"

    private var sorted: [Label]

    /// The empty set.
    public init() {
        sorted = []
    }

    /// The set of `labels`; of two with one name the later one counts, empty values are left out.
    public init(_ labels: some Sequence<Label>) {
        let given = Array(labels)
        let isInOrder = zip(given, given.dropFirst()).allSatisfy { $0.name < $1.name }
        guard !isInOrder || given.contains(where: \.value.isEmpty) else {
            sorted = given
            return
        }
        var latest: [String: String] = [:]
        for label in given { latest[label.name] = label.value }
        sorted = latest.filter { !$0.value.isEmpty }.map { Label($0.key, $0.value) }.sorted { $0.name < $1.name }
    }

    /// The series `name` with `labels`.
    public init(metric name: String, _ labels: some Sequence<Label> = EmptyCollection()) {
        self.init([Label(Self.metricName, name)] + Array(labels))
    }

    /// The value of `name`, or nil if the set lacks it. Setting nil or "" removes it.
    public subscript(name: String) -> String? {
        get { sorted.first { $0.name == name }?.value }
        set {
            let at = sorted.firstIndex { $0.name >= name } ?? sorted.endIndex
            if at < sorted.endIndex, sorted[at].name == name { sorted.remove(at: at) }
            if let newValue, !newValue.isEmpty { sorted.insert(Label(name, newValue), at: at) }
        }
    }

    /// `__name__`, or "" for a series without one.
    public var metric: String { self[Self.metricName] ?? "" }

    /// Only the labels named in `names`.
    public func keeping(_ names: Set<String>) -> Labels { filtered { names.contains($0) } }

    /// Without the labels named in `names`.
    public func dropping(_ names: Set<String>) -> Labels { filtered { !names.contains($0) } }

    private func filtered(_ keep: (String) -> Bool) -> Labels {
        var result = Labels()
        result.sorted = sorted.filter { keep($0.name) }
        return result
    }

    /// With the labels of `others`, which win.
    public func adding(_ others: Labels) -> Labels {
        guard !others.isEmpty else { return self }
        var result = Labels()
        result.sorted.reserveCapacity(count + others.count)
        var at = 0
        for label in sorted {
            while at < others.count, others.sorted[at].name < label.name {
                result.sorted.append(others.sorted[at])
                at += 1
            }
            if at == others.count || others.sorted[at].name != label.name { result.sorted.append(label) }
        }
        result.sorted += others.sorted[at...]
        return result
    }

    /// The order of series: as a collection of labels has it, but with each string compared once. Sorting tens of
    /// thousands of series is most of what a query over a whole fleet does.
    public func lexicographicallyPrecedes(_ other: Labels) -> Bool {
        sorted.withUnsafeBufferPointer { mine in
            other.sorted.withUnsafeBufferPointer { theirs in
                for at in 0..<Swift.min(mine.count, theirs.count) {
                    if mine[at].name != theirs[at].name { return mine[at].name < theirs[at].name }
                    if mine[at].value != theirs[at].value { return mine[at].value < theirs[at].value }
                }
                return mine.count < theirs.count
            }
        }
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { sorted.count }
    public subscript(position: Int) -> Label { sorted[position] }

    /// As PromQL writes it: `up{cluster="a",job="etcd"}`.
    public var description: String {
        let rest = sorted.filter { $0.name != Self.metricName }
            .map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
        return rest.isEmpty && !metric.isEmpty ? metric : "\(metric){\(rest)}"
    }

    /// `value` with backslash, quote and line feed escaped, as the text format and PromQL do.
    public static func escaped(_ value: String) -> String {
        var result = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}

extension Labels: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements.map { Label($0.0, $0.1) })
    }
}
