/// Reads the keys of one mapping by type, remembers which were read, and reports what is wrong to a `Problems`.
///
/// A wrong or missing value is reported and replaced by the default (or a placeholder), so that reading goes on:
/// nothing of the result may be used before `problems.throwIfAny()` has returned.
///
///     let problems = Problems()
///     var root = MappingReader(document.root, problems)
///     let interval = root.duration("interval", default: .seconds(5), in: .seconds(1)...(.seconds(60)))
///     root.finish()
///     try problems.throwIfAny()
public struct MappingReader {
    /// The mapping.
    public let node: YAMLNode
    /// Where complaints go.
    public let problems: Problems
    private var known: Set<String> = []

    /// Reads `node`, which must be a mapping (or nothing: an empty one).
    public init(_ node: YAMLNode, _ problems: Problems) {
        self.node = node
        self.problems = problems
        if node.pairs == nil, !node.isNull {
            problems.report(
                node.error("\(node.kind) where keys and values should be", remedy: "write `key: value` lines"))
        }
    }

    /// The value of `key` as it is; nil if absent or null.
    public mutating func node(_ key: String) -> YAMLNode? {
        known.insert(key)
        guard let value = node[key], !value.isNull else { return nil }
        return value
    }

    /// Reports every key that was not asked for, with the nearest one that was. Call it last.
    public func finish() {
        let names = known.sorted()
        for pair in node.pairs ?? [] where !known.contains(pair.name) {
            let nearest = nearestName(to: pair.name, among: names)
            let remedy =
                nearest.map { "did you mean \"\($0)\"?" }
                ?? (known.isEmpty ? "no keys belong here" : "known here: \(names.joined(separator: ", "))")
            problems.report(pair.key.error("unknown key \"\(pair.name)\"", remedy: remedy))
        }
    }
}
