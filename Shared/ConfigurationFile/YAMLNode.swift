/// A node of a YAML document and where it stands.
public struct YAMLNode: Sendable {
    /// What it is. Aliases are replaced by what they name.
    public indirect enum Content: Sendable {
        /// Text as written, and whether it was quoted or a block (`|`, `>`): then it is a string, never null or a number.
        case scalar(String, quoted: Bool)
        case sequence([YAMLNode])
        /// In order, keys unique.
        case mapping([Pair])
    }

    /// A key and its value.
    public struct Pair: Sendable {
        /// A scalar.
        public var key: YAMLNode
        /// The key's text.
        public var name: String
        /// The value.
        public var value: YAMLNode
    }

    /// What it is.
    public var content: Content
    /// The file it stands in.
    public var file: String
    /// From 1.
    public var line: Int
    /// From 1.
    public var column: Int

    /// The text of a scalar; nil for anything else.
    public var text: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }

    /// The elements of a sequence; nil for anything else.
    public var elements: [YAMLNode]? {
        if case .sequence(let elements) = content { elements } else { nil }
    }

    /// The pairs of a mapping; nil for anything else.
    public var pairs: [Pair]? {
        if case .mapping(let pairs) = content { pairs } else { nil }
    }

    /// The value of `key` in a mapping; nil if this is none or lacks it.
    public subscript(key: String) -> YAMLNode? {
        pairs?.first { $0.name == key }?.value
    }

    /// Whether this is nothing: an empty value, `~` or `null`, unquoted.
    public var isNull: Bool {
        guard case .scalar(let text, quoted: false) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// "a mapping", "a list", "text": for messages.
    var kind: String {
        switch content {
        case .scalar: isNull ? "nothing" : "text"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// A problem at this node.
    public func error(_ problem: String, remedy: String = "") -> ConfigurationError {
        ConfigurationError(file: file, line: line, column: column, problem: problem, remedy: remedy)
    }
}
