internal import ConfigurationFile

/// What a member's etcd runs with: its flags, found as etcd finds them (etcdmain/config.go). A value.
///
/// A configuration file makes etcd ignore its command line and environment; otherwise a flag wins over `ETCD_…`, and what
/// neither says has etcd's default.
struct EtcdSettings: Hashable, Sendable {
    /// Flags by name without dashes, where something sets them; also those that are not shown, such as paths of keys.
    private(set) var given: [String: String] = [:]
    /// Whether all that may set a flag was read: then what is not given has its default.
    private(set) var isComplete = true

    /// - Parameters:
    ///   - arguments: the program first.
    ///   - environment: `NAME=value`; nil if it is not ours to read.
    ///   - file: the text of a configuration file; nil if it is not ours to read.
    init(arguments: [String], environment: [String]?, file: (String) -> String?) {
        let flags = Self.flags(arguments.dropFirst())
        let variables = environment.map(Self.variables)
        if let path = flags["config-file"] ?? variables?["config-file"], !path.isEmpty {
            let document = file(path).flatMap {
                try? YAMLDocument($0, name: path)  // etcd would not have started with it: it has changed since
            }
            given = document.map { Self.settings($0.root) } ?? [:]
            isComplete = document != nil
        } else {
            // etcd takes an empty variable for one that is not set.
            given = (variables ?? [:]).filter { !$0.value.isEmpty }.merging(flags) { _, flag in flag }
            isComplete = variables != nil
        }
    }

    /// The settings that matter, by flag, written the same way whoever wrote them; without those that may have been set where
    /// we cannot read, and without defaults that depend on an unknown `version`. None can be a secret.
    func effective(version: String?) -> [(flag: String, value: String)] {
        Self.flagsThatMatter.compactMap { flag in
            let value = given[flag].flatMap { $0.isEmpty ? nil : $0 }
            guard let value = value ?? (isComplete ? Self.defaultValue(of: flag, version: version) : nil) else {
                return nil
            }
            return (flag, normal(flag, value))
        }
    }

    /// Go's flag package takes one dash or two, and `=` or the next word for the value; a switch takes only `=`.
    private static func flags(_ words: ArraySlice<String>) -> [String: String] {
        var flags: [String: String] = [:]
        var at = words.startIndex
        while at < words.endIndex {
            let word = words[at]
            at += 1
            guard word.hasPrefix("-") else { continue }
            let name = word.drop { $0 == "-" }
            if let equals = name.firstIndex(of: "=") {
                flags[String(name[..<equals])] = String(name[name.index(after: equals)...])
            } else if at < words.endIndex, !switches.contains(String(name)), !words[at].hasPrefix("-") {
                flags[String(name)] = words[at]
                at += 1
            } else {
                flags[String(name)] = "true"
            }
        }
        return flags
    }

    /// `ETCD_ELECTION_TIMEOUT=1000` is `election-timeout`.
    private static func variables(_ environment: [String]) -> [String: String] {
        var flags: [String: String] = [:]
        for variable in environment where variable.hasPrefix("ETCD_") {
            guard let equals = variable.firstIndex(of: "=") else { continue }
            let name = variable[..<equals].dropFirst(5).lowercased().split(separator: "_").joined(separator: "-")
            flags[name] = String(variable[variable.index(after: equals)...])
        }
        return flags
    }

    /// A configuration file's keys are the flags' names, but for those of TLS.
    private static func settings(_ root: YAMLNode) -> [String: String] {
        var flags: [String: String] = [:]
        for (node, prefix) in [
            (root, ""), (root["client-transport-security"], ""), (root["peer-transport-security"], "peer-"),
        ] {
            for pair in node?.pairs ?? [] {
                if let text = pair.value.text, !pair.value.isNull { flags[prefix + pair.name] = text }
            }
        }
        return flags
    }

    private func normal(_ flag: String, _ value: String) -> String {
        switch flag {
        // The disks are told elsewhere; that they are meant to differ is the fact.
        case "wal-dir": return value == "unset" ? value : "set"
        // server/storage/quota.go: DefaultQuotaBytes.
        case "quota-backend-bytes": return value == "0" ? "2147483648" : value
        // A number alone is in hours, if not in revisions.
        case "auto-compaction-retention":
            let isPeriodic = given["auto-compaction-mode"] != "revision"
            return isPeriodic && value != "0" && Int(value) != nil ? value + "h" : value
        case "listen-metrics-urls": return Self.withoutUserinfo(value)
        case _ where Self.switches.contains(flag):
            return ["1", "t", "true"].contains(value.lowercased()) ? "true" : "false"
        default: return String(value.prefix(Self.longestValue))
        }
    }

    private static let longestValue = 200

    private static func withoutUserinfo(_ urls: String) -> String {
        let plain = urls.split(separator: ",").map { url -> String in
            guard let slashes = url.firstRange(of: "//"), let at = url.lastIndex(of: "@") else { return String(url) }
            return String(url[..<slashes.upperBound]) + String(url[url.index(after: at)...])
        }
        return String(plain.joined(separator: ",").prefix(longestValue))
    }
}

extension EtcdSettings {
    /// Those by which members of a cluster should not differ, or which slow or endanger it.
    static let flagsThatMatter = [
        "auto-compaction-mode", "auto-compaction-retention", "auto-tls", "client-cert-auth", "election-timeout",
        "heartbeat-interval", "listen-metrics-urls", "log-level", "max-request-bytes", "max-txn-ops", "metrics",
        "peer-auto-tls", "peer-client-cert-auth", "pre-vote", "quota-backend-bytes", "snapshot-count",
        "strict-reconfig-check", "unsafe-no-fsync", "wal-dir",
    ]

    /// Switches: a word after them is not theirs.
    private static let switches: Set<String> = [
        "auto-tls", "client-cert-auth", "debug", "enable-log-rotation", "enable-pprof", "enable-v2",
        "experimental-compact-hash-check-enabled", "experimental-enable-distributed-tracing",
        "experimental-enable-lease-checkpoint", "experimental-enable-lease-checkpoint-persist",
        "experimental-initial-corrupt-check", "experimental-memory-mlock",
        "experimental-stop-grpc-service-on-defrag", "experimental-txn-mode-write-with-shared-buffer",
        "force-new-cluster", "initial-election-tick-advance", "peer-auto-tls", "peer-client-cert-auth",
        "peer-skip-client-san-verification", "pre-vote", "socket-reuse-address", "socket-reuse-port",
        "strict-reconfig-check", "unsafe-no-fsync",
    ]

    /// etcd's own; nil where they differ between versions and the version is not known.
    private static func defaultValue(of flag: String, version: String?) -> String? {
        let numbers = version?.split(separator: ".").prefix(2).compactMap { Int($0) }
        let minor = numbers.flatMap { $0.count == 2 && $0[0] == 3 ? $0[1] : nil }
        switch flag {
        case "auto-compaction-mode": return "periodic"
        case "auto-compaction-retention", "quota-backend-bytes": return "0"
        case "election-timeout": return "1000"
        case "heartbeat-interval": return "100"
        case "listen-metrics-urls", "wal-dir": return "unset"
        case "log-level": return "info"
        case "max-request-bytes": return "1572864"
        case "max-txn-ops": return "128"
        case "metrics": return "basic"
        case "pre-vote": return minor.map { $0 >= 5 ? "true" : "false" }
        case "snapshot-count": return minor.map { $0 >= 6 ? "10000" : "100000" }
        case "strict-reconfig-check": return "true"
        default: return "false"
        }
    }
}
