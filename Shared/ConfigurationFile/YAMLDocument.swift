// ConfigurationFile: YAML files by libyaml, with the place of every node, and typed readers whose complaints name file,
// line, column and remedy. The only room that imports libyaml. Leaves which keys there are to each program.

/// One YAML document.
public struct YAMLDocument: Sendable {
    /// What a document may cost.
    public struct Limits: Sendable {
        /// Bytes of the file.
        public var bytes: Int
        /// Nodes after aliases were replaced.
        public var nodes: Int
        /// Mappings and lists within each other.
        public var depth: Int

        /// 4 MiB, 200,000 nodes, 32 levels unless told otherwise.
        public init(bytes: Int = 4 << 20, nodes: Int = 200_000, depth: Int = 32) {
            self.bytes = bytes
            self.nodes = nodes
            self.depth = depth
        }
    }

    /// Its top node; an empty document has an empty mapping.
    public let root: YAMLNode

    /// Reads the file at `path`.
    public init(file path: String, limits: Limits = Limits()) throws(ConfigurationErrors) {
        fatalError("follows")
    }

    /// Reads `text`; messages call it `name`.
    public init(_ text: String, name: String, limits: Limits = Limits()) throws(ConfigurationErrors) {
        fatalError("follows")
    }
}
