extension MappingReader {
    /// A text; reported and "" if absent.
    public mutating func string(_ key: String) -> String {
        if node(key) == nil { reportMissing(key) }
        return value(key, "text") { $0.text } ?? ""
    }

    /// A text, or `fallback`.
    public mutating func string(_ key: String, default fallback: String?) -> String? {
        value(key, "text") { $0.text } ?? fallback
    }

    /// A text, or `fallback`.
    public mutating func string(_ key: String, default fallback: String) -> String {
        value(key, "text") { $0.text } ?? fallback
    }

    /// One of a few words, or `fallback`.
    public mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, default fallback: Choice
    ) -> Choice where Choice.RawValue == String {
        let words = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        return value(key, "one of \(words)") { $0.text.flatMap(Choice.init(rawValue:)) } ?? fallback
    }

    /// true or false, or `fallback`.
    public mutating func bool(_ key: String, default fallback: Bool) -> Bool {
        value(key, "true or false") { ScalarText.bool($0) } ?? fallback
    }

    /// A whole number in `range`, or `fallback`.
    public mutating func int(_ key: String, default fallback: Int, in range: ClosedRange<Int>) -> Int {
        value(key, "a whole number from \(range.lowerBound) to \(range.upperBound)") { node in
            node.text.flatMap { Int($0) }.flatMap { range.contains($0) ? $0 : nil }
        } ?? fallback
    }

    /// A number in `range`, or `fallback`.
    public mutating func double(_ key: String, default fallback: Double, in range: ClosedRange<Double>) -> Double {
        value(key, "a number from \(range.lowerBound) to \(range.upperBound)") { node in
            node.text.flatMap { Double($0) }.flatMap { range.contains($0) ? $0 : nil }
        } ?? fallback
    }

    /// A time with its unit (`250ms`, `5s`, `1m`, `2h`, `7d`, `1h30m`) in `range`, or `fallback`.
    public mutating func duration(
        _ key: String, default fallback: Duration, in range: ClosedRange<Duration>
    ) -> Duration {
        let bounds = "\(ScalarText.text(range.lowerBound)) to \(ScalarText.text(range.upperBound))"
        return value(key, "a time from \(bounds), such as \"5s\"") { node in
            node.text.flatMap(ScalarText.duration).flatMap { range.contains($0) ? $0 : nil }
        } ?? fallback
    }

    /// A time with its unit, or nil if absent.
    public mutating func duration(_ key: String) -> Duration? {
        value(key, "a time, such as \"5s\"") { $0.text.flatMap(ScalarText.duration) }
    }

    /// A size with its unit (`512KiB`, `64MiB`, `2GB`, plain bytes) in `range`, or `fallback`.
    public mutating func bytes(_ key: String, default fallback: Int, in range: ClosedRange<Int>) -> Int {
        value(key, "a size from \(range.lowerBound) to \(range.upperBound) bytes, such as \"64MiB\"") { node in
            node.text.flatMap(ScalarText.bytes).flatMap { range.contains($0) ? $0 : nil }
        } ?? fallback
    }

    /// `host:port`, `[v6]:port` or `host` (then `defaultPort`, if there is one), or `fallback`.
    public mutating func address(
        _ key: String, default fallback: NetworkAddress?, defaultPort: Int? = nil
    ) -> NetworkAddress? {
        value(key, "an address, such as \"0.0.0.0:8379\" or \"[::1]:8379\"") { node in
            node.text.flatMap { NetworkAddress($0, defaultPort: defaultPort) }
        } ?? fallback
    }

    /// A list of texts, or `fallback`; a single text counts as a list of one.
    public mutating func strings(_ key: String, default fallback: [String]) -> [String] {
        value(key, "a list of texts") { node in
            if let text = node.text { return [text] }
            let texts = node.elements?.compactMap(\.text)
            return texts?.count == node.elements?.count ? texts : nil
        } ?? fallback
    }

    /// The mapping of text to text at `key`, in order; empty if absent.
    public mutating func texts(_ key: String) -> [(String, String)] {
        value(key, "keys with texts") { node in
            guard let pairs = node.pairs else { return nil }
            let texts = pairs.compactMap { pair in pair.value.text.map { (pair.name, $0) } }
            return texts.count == pairs.count ? texts : nil
        } ?? []
    }

    /// The elements of the list at `key`; empty if absent.
    public mutating func list(_ key: String) -> [YAMLNode] {
        value(key, "a list") { $0.elements } ?? []
    }

    /// A reader for each mapping of the list at `key`; empty if absent. Each needs its own `finish()`.
    public mutating func mappings(_ key: String) -> [MappingReader] {
        list(key).map { MappingReader($0, problems) }
    }

    /// A reader for the mapping at `key`; nil if absent. It needs its own `finish()`.
    public mutating func mapping(_ key: String) -> MappingReader? {
        node(key).map { MappingReader($0, problems) }
    }

    /// What `parse` makes of the value; nil if absent. If `parse` gives nil, reports that `expected` should be there.
    public mutating func value<Value>(_ key: String, _ expected: String, _ parse: (YAMLNode) -> Value?) -> Value? {
        guard let node = node(key) else { return nil }
        if let value = parse(node) { return value }
        let found = node.text.map { "\"\($0)\"" } ?? node.kind
        problems.report(node.error("\(key): \(found) cannot be used", remedy: "write \(expected)"))
        return nil
    }

    /// Reports that `key` is missing, at the mapping.
    public func reportMissing(_ key: String, remedy: String? = nil) {
        problems.report(node.error("\"\(key)\" is missing", remedy: remedy ?? "add `\(key): …`"))
    }
}
