public import ConfigurationFile
internal import Glibc
public import PromQL

/// Groups of rules, as Prometheus's YAML describes them.
public struct RuleFile: Sendable {
    /// What messages and rule ids call it.
    public var name: String
    /// In the file's order; names are unique.
    public var groups: [RuleGroup]
}

/// Rules that are evaluated together, one after the other.
public struct RuleGroup: Hashable, Sendable {
    /// The file's name.
    public var file: String
    /// Unique in its file.
    public var name: String
    /// How often; nil for the service's default.
    public var interval: Duration?
    /// The most alerts or series a rule may give; 0 for no limit.
    public var limit: Int
    /// How far back of now the group looks.
    public var queryOffset: Duration
    /// In order: a later rule sees what an earlier one recorded, from the next evaluation on.
    public var rules: [Rule]

    /// `file/group`: unique among all groups.
    public var id: String { "\(file)/\(name)" }
}

/// One alerting or recording rule.
public struct Rule: Hashable, Sendable {
    /// What comes of it.
    public enum Kind: Hashable, Sendable {
        /// Alerts of this name.
        case alert
        /// A series of this name.
        case record
    }

    /// `file/group/name/number`: stable while the file's order of rules with one name is.
    public var id: String
    /// What comes of it.
    public var kind: Kind
    /// The alert's name, or the recorded metric's.
    public var name: String
    /// The expression.
    public var query: Query
    /// Numbers of the expression that may be set anew for a cluster.
    public var parameters: [RuleParameter] = []
    /// How long the expression has to be true before the alert fires.
    public var hold: Duration
    /// How long it has to be false before a firing alert ends.
    public var keepFiringFor: Duration
    /// Added to each alert or series; a recording rule's are plain text.
    public var labels: [TemplatedText]
    /// Told with each alert.
    public var annotations: [TemplatedText]
    /// Where the rule begins in its file.
    public var line: Int
}

/// A name and the template of its text.
public struct TemplatedText: Hashable, Sendable {
    /// The label's or annotation's name.
    public var name: String
    /// Expanded for each alert.
    public var template: Template
}

extension RuleFile {
    /// The rules that etcd-monitor brings along.
    public static func builtIn() throws(ConfigurationErrors) -> [RuleFile] {
        var files: [RuleFile] = []
        for (name, text) in builtInTexts { files.append(try RuleFile(text, name: name)) }
        return files
    }

    /// What the files that etcd-monitor brings along are called.
    public static var builtInNames: [String] { builtInTexts.map(\.name) }

    static var builtInTexts: [(name: String, text: String)] {
        [
            ("etcd.yaml", PackageResources.etcd_yaml), ("cluster.yaml", PackageResources.cluster_yaml),
            ("performance.yaml", PackageResources.performance_yaml), ("capacity.yaml", PackageResources.capacity_yaml),
            ("host.yaml", PackageResources.host_yaml),
        ].map { ($0.0, String(decoding: $0.1, as: UTF8.self)) }
    }

    /// Reads the file at `path`; its rules are known by the last part of the path.
    ///
    /// - Throws: all that is wrong in it, with line, column and remedy.
    public init(file path: String) throws(ConfigurationErrors) {
        try self.init(try Self.text(of: path), name: path)
        name = path.split(separator: "/").last.map(String.init) ?? path
    }

    /// Reads `text`; messages and rule ids call it `name`.
    public init(_ text: String, name: String) throws(ConfigurationErrors) {
        let document = try YAMLDocument(text, name: name)
        let problems = Problems()
        var reader = RuleFileReader(text: text, name: name, problems: problems)
        self.name = name
        groups = reader.groups(MappingReader(document.root, problems))
        try problems.throwIfAny()
    }

    /// The text of the file at `path`.
    static func text(of path: String) throws(ConfigurationErrors) -> String {
        guard let text = read(path) else {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: path, line: 0, column: 0,
                    problem: "the rule file cannot be read: \(String(cString: strerror(errno)))",
                    remedy: "check the path and its permissions")
            ])
        }
        return text
    }

    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { return nil }
            guard count > 0, bytes.count < 8 << 20 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk.prefix(count)
        }
    }
}
