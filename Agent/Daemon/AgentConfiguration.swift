internal import ConfigurationFile
internal import Emergency
internal import Glibc
internal import HTTPClient
internal import HostCollectors
internal import WALProbe

/// `/etc/etcd-monitor/agent.yaml`, checked.
struct AgentConfiguration: Sendable {
    /// A member of this host.
    struct Member: Sendable {
        var name: String
        var clientURL: String
        var clientPort: Int
        var metricsURL: String?
        var tls: TLSOptions
        var dataDirectory: String
        var walDirectory: String?
        /// Where the WAL's disk is probed; nil for a directory of the agent's on the same filesystem.
        var probeDirectory: String?

        /// As the host's collectors need it.
        var watched: WatchedMember {
            WatchedMember(
                name: name, dataDirectory: dataDirectory, walDirectory: walDirectory, clientPort: clientPort)
        }
    }

    /// What a person elsewhere may have done on this host; nothing unless this file says so.
    enum Command: String, CaseIterable, Sendable {
        case consoleRead = "console-read"
        case diskCheck = "disk-check"
        case benchmark
        case defragment
        case snapshot
        case diagnostics
    }

    static let standardFile = "/etc/etcd-monitor/agent.yaml"

    /// In order of preference.
    var aggregators: [String]
    var cluster: String
    var node: String
    var stateDirectory: String
    var members: [Member]
    /// Whether the host is measured beside etcd.
    var watchesHost: Bool
    var scrapeInterval: Duration
    var statusInterval: Duration
    var spoolDirectory: String
    var spoolLimitBytes: Int
    /// nil: the disks are not probed.
    var diskProbe: ProbeOptions?
    var commands: [Command]
    /// Whom the agent tells itself; nil for nobody.
    var emergency: EmergencySettings?

    /// Reads and checks the file at `path`; every problem is told at once.
    init(file path: String) throws(ConfigurationErrors) {
        try self.init(try YAMLDocument(file: path))
    }

    /// Reads and checks `text`; messages call it `name`.
    init(_ text: String, name: String) throws(ConfigurationErrors) {
        try self.init(try YAMLDocument(text, name: name))
    }

    private init(_ document: YAMLDocument) throws(ConfigurationErrors) {
        let problems = Problems()
        var root = MappingReader(document.root, problems)
        aggregators = Self.aggregators(&root)
        cluster =
            root.value("cluster", "lower-case letters, digits and hyphens, at most 63, as it was enrolled") { node in
                node.text.flatMap { Self.isClusterName($0) ? $0 : nil }
            } ?? ""
        if document.root["cluster"] == nil { root.reportMissing("cluster", remedy: "add `cluster: NAME`") }
        node =
            root.value("node", "the name of this host: letters, digits, dots, hyphens, underscores, at most 253") {
                node in node.text.flatMap { Self.isNodeName($0) ? $0 : nil }
            } ?? hostName()
        stateDirectory = Self.path("state_directory", &root) ?? "/var/lib/etcd-monitor/agent"
        members = Self.members(&root)
        watchesHost = root.bool("host", default: true)
        (scrapeInterval, statusInterval) = Self.intervals(&root)
        (spoolDirectory, spoolLimitBytes) = Self.spool(&root, stateDirectory)
        diskProbe = Self.diskProbe(&root)
        commands = root.list("commands").compactMap { node in
            if let command = node.text.flatMap(Command.init(rawValue:)) { return command }
            let known = Command.allCases.map(\.rawValue).joined(separator: ", ")
            problems.report(
                node.error("commands: \(node.text ?? "this") is not a command", remedy: "known here: \(known)"))
            return nil
        }
        emergency = root.mapping("emergency").map(EmergencySettings.init(reading:))
        root.finish()
        try problems.throwIfAny()
    }

    private static func aggregators(_ root: inout MappingReader) -> [String] {
        let nodes = root.list("aggregators")
        if nodes.isEmpty {
            root.reportMissing("aggregators", remedy: "add `aggregators: [https://HOST:8379]`")
        }
        return nodes.compactMap { node in
            if let text = node.text, let address = WebAddress(text), address.isSecure, address.path.isEmpty {
                return address.origin
            }
            root.problems.report(
                node.error(
                    "aggregators: \"\(node.text ?? "this")\" cannot be used",
                    remedy: "write https://HOST:8379, without a path; agents speak only TLS"))
            return nil
        }
    }

    private static func members(_ root: inout MappingReader) -> [Member] {
        let readers = root.mappings("members")
        if readers.isEmpty {
            root.reportMissing("members", remedy: "name at least one member: `members: [{name: …, client_url: …}]`")
        }
        var names: Set<String> = []
        var ports: Set<Int> = []
        return readers.map { reader in
            let member = member(reader)
            if !member.name.isEmpty, !names.insert(member.name).inserted {
                reader.problems.report(
                    reader.node.error("a second member \"\(member.name)\"", remedy: "give each member its own name"))
            }
            if member.clientPort != 0, !ports.insert(member.clientPort).inserted {
                reader.problems.report(
                    reader.node.error(
                        "a second member with client port \(member.clientPort)",
                        remedy: "members of one host are told apart by their port: correct client_url"))
            }
            return member
        }
    }

    private static func member(_ mapping: MappingReader) -> Member {
        var reader = mapping
        let name = reader.string("name")
        let url = reader.value("client_url", "http://HOST:PORT or https://HOST:PORT, without a path") { node in
            node.text.flatMap(WebAddress.init).flatMap { $0.path.isEmpty ? $0 : nil }
        }
        if reader.node["client_url"] == nil { reader.reportMissing("client_url") }
        let metrics = reader.value("metrics_url", "http://HOST:PORT or https://HOST:PORT, without /metrics") { node in
            node.text.flatMap(WebAddress.init).flatMap { $0.path.isEmpty ? $0 : nil }
        }
        let isSecure = url?.isSecure ?? true || metrics?.isSecure ?? false
        let tls = tls(&reader, isSecure: isSecure)
        let data = path("data_dir", &reader)
        if reader.node["data_dir"] == nil { reader.reportMissing("data_dir", remedy: "add etcd's --data-dir") }
        let wal = path("wal_dir", &reader)
        let probe = path("probe_dir", &reader)
        reader.finish()
        return Member(
            name: name, clientURL: url?.origin ?? "", clientPort: url?.port ?? 0, metricsURL: metrics?.origin,
            tls: tls, dataDirectory: data ?? "/", walDirectory: wal, probeDirectory: probe)
    }

    private static func tls(_ member: inout MappingReader, isSecure: Bool) -> TLSOptions {
        guard var reader = member.mapping("tls") else { return TLSOptions() }
        if !isSecure {
            reader.problems.report(
                reader.node.error(
                    "tls for a member whose client_url is not https",
                    remedy: "write https in client_url, or remove tls"))
        }
        let ca = readableFile("ca", &reader)
        let certificate = readableFile("cert", &reader)
        let key = readableFile("key", &reader)
        if (reader.node["cert"] == nil) != (reader.node["key"] == nil) {
            reader.problems.report(
                reader.node.error("only one of cert and key", remedy: "a client certificate needs both"))
        }
        reader.finish()
        return TLSOptions(
            trust: ca.map(TLSOptions.Trust.file) ?? .system, clientCertificateFile: certificate, clientKeyFile: key)
    }

    private static func intervals(_ root: inout MappingReader) -> (scrape: Duration, status: Duration) {
        guard var reader = root.mapping("intervals") else { return (.seconds(5), .seconds(1)) }
        let scrape = reader.duration("scrape", default: .seconds(5), in: .seconds(1)...(.seconds(60)))
        let status = reader.duration("status", default: .seconds(1), in: .milliseconds(250)...(.seconds(60)))
        if let node = reader.node("status"), status > scrape {
            reader.problems.report(
                node.error("status is asked more rarely than metrics", remedy: "make it at most intervals.scrape"))
        }
        reader.finish()
        return (scrape, status)
    }

    private static func spool(
        _ root: inout MappingReader, _ stateDirectory: String
    ) -> (directory: String, limit: Int) {
        guard var reader = root.mapping("spool") else { return (stateDirectory + "/spool", 256 << 20) }
        let directory = path("directory", &reader) ?? stateDirectory + "/spool"
        let limit = reader.bytes("limit", default: 256 << 20, in: (8 << 20)...(64 << 30))
        reader.finish()
        return (directory, limit)
    }

    private static func diskProbe(_ root: inout MappingReader) -> ProbeOptions? {
        var options = ProbeOptions()
        guard var reader = root.mapping("disk_probe") else { return options }
        let isEnabled = reader.bool("enabled", default: true)
        options.interval = reader.duration(
            "interval", default: options.interval, in: .milliseconds(500)...(.seconds(60)))
        options.dailyLimitBytes = reader.bytes(
            "daily_limit", default: options.dailyLimitBytes, in: (1 << 20)...(16 << 30))
        options.pressureLimit = reader.double("io_pressure_limit", default: options.pressureLimit, in: 1...100)
        reader.finish()
        return isEnabled ? options : nil
    }

    private static func path(_ key: String, _ reader: inout MappingReader) -> String? {
        reader.value(key, "an absolute path") { node in
            node.text.flatMap { $0.hasPrefix("/") ? ($0 == "/" ? $0 : withoutSlash($0)) : nil }
        }
    }

    private static func withoutSlash(_ path: String) -> String { path.hasSuffix("/") ? String(path.dropLast()) : path }

    private static func readableFile(_ key: String, _ reader: inout MappingReader) -> String? {
        guard let path = path(key, &reader), let node = reader.node[key] else { return nil }
        if access(path, R_OK) != 0 {
            let reason = String(cString: strerror(errno))
            reader.problems.report(
                node.error(
                    "\(key): \(path): \(reason)",
                    remedy: "the agent's user must be able to read it, for instance through its group"))
        }
        return path
    }

    static func isClusterName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return (1...63).contains(bytes.count) && bytes[0] != UInt8(ascii: "-")
            && bytes.allSatisfy { isLetterOrDigit($0, upper: false) || $0 == UInt8(ascii: "-") }
    }

    static func isNodeName(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count)
            && text.utf8.allSatisfy { isLetterOrDigit($0, upper: true) || [0x2d, 0x2e, 0x5f].contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8, upper: Bool) -> Bool {
        (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || (upper && (0x41...0x5a).contains(byte))
    }
}

/// The host's own name, as gethostname(2) has it.
func hostName() -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
