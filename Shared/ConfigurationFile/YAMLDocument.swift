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

    /// Its top node; an empty document is nothing, which readers take as an empty mapping.
    public let root: YAMLNode

    /// Reads the file at `path`.
    public init(file path: String, limits: Limits = Limits()) throws(ConfigurationErrors) {
        let bytes: [UInt8]
        do {
            bytes = try readFile(path, limit: limits.bytes)
        } catch {
            throw ConfigurationErrors([error])
        }
        try self.init(bytes: bytes, name: path, limits: limits)
    }

    /// Reads `text`; messages call it `name`.
    public init(_ text: String, name: String, limits: Limits = Limits()) throws(ConfigurationErrors) {
        try self.init(bytes: Array(text.utf8), name: name, limits: limits)
    }

    private init(bytes: [UInt8], name: String, limits: Limits) throws(ConfigurationErrors) {
        var composer = YAMLComposer(bytes: bytes, file: name, limits: limits)
        do {
            root = try composer.document()
        } catch {
            throw ConfigurationErrors(composer.problems.errors + [error])
        }
        try composer.problems.throwIfAny()
    }
}
