internal import Model

/// How each member is set, as series. Settings are read once for each process: they do not change while it runs.
struct FlagSeries {
    private let root: HostRoot
    private let version: MemberVersion
    private var known: [String: Known] = [:]

    private struct Known {
        var process: EtcdProcess
        var version: String?
        var settings: EtcdSettings
        var series: [Int]
    }

    static let metric = "etcd_monitor_member_flag"
    static let completeness = "etcd_monitor_member_flags_complete"

    init(_ root: HostRoot, version: @escaping MemberVersion) {
        self.root = root
        self.version = version
    }

    /// Sets the series of `member`, whose process is `process`.
    mutating func set(
        of process: EtcdProcess, member: String, _ reader: inout FileReader, in board: inout SampleBoard
    ) {
        let version = version(member)
        if known[member]?.process != process || known[member]?.version != version {
            let old = known[member].flatMap { $0.process == process ? $0.settings : nil }
            let settings = old ?? Self.settings(of: process.pid, root, &reader)
            let family = board.family(
                Self.metric, .gauge, help: "1 for each setting of etcd that matters, as it is in force.")
            let series = settings.effective(version: version).map { flag, value in
                board.number(
                    of: Labels(
                        metric: Self.metric, [Label("member", member), Label("flag", flag), Label("value", value)]),
                    family: family)
            }
            known[member] = Known(process: process, version: version, settings: settings, series: series)
        }
        guard let known = known[member] else { return }
        for number in known.series { board.set(number, to: 1) }
        board.set(
            Self.completeness, ["member": member], to: known.settings.isComplete ? 1 : 0, .gauge,
            help: "1 if all that may set etcd's flags was read; else \(Self.metric) lacks what may be set elsewhere.")
    }

    /// What the process `pid` was told. Another user's environment and files are closed to the agent without
    /// CAP_SYS_PTRACE: then what is not on the command line is not known.
    static func settings(of pid: Int, _ root: HostRoot, _ reader: inout FileReader) -> EtcdSettings {
        let folder = "\(root.proc)/\(pid)"
        let arguments = words(of: folder + "/cmdline", &reader) ?? []
        let environment = words(of: folder + "/environ", &reader)?.filter { $0.hasPrefix("ETCD_") }
        var files = reader
        return EtcdSettings(arguments: arguments, environment: environment) { path in
            guard path.hasPrefix("/") else { return nil }
            // Through the process' own mounts, if they are open to us; else our own.
            return (try? files.read("\(folder)/root\(path)").text) ?? (try? files.read(path).text)
        }
    }

    private static func words(of path: String, _ reader: inout FileReader) -> [String]? {
        // Closed to us, or gone: absence is the answer.
        guard let text = try? reader.read(path).text else { return nil }
        // Each word ends with NUL; a word may be empty.
        return text.split(separator: "\0", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
}
