internal import Glibc

/// A process that runs etcd.
package struct EtcdProcess: Hashable, Sendable {
    package var pid: Int
    /// Clock ticks after boot: with the pid, the process' identity.
    package var startTicks: UInt64
}

/// Finds the process of a member: by who listens on its client port, else by its command line.
///
/// Whose socket it is can be told only by `/proc/PID/fd`, which needs CAP_SYS_PTRACE for another user's process. The
/// command line is open to all, and enough where it says `--data-dir` or only one etcd runs.
package struct EtcdProcessFinder {
    private let root: HostRoot

    package init(_ root: HostRoot) {
        self.root = root
    }

    /// The process of `member`, or nil if none is found.
    package func find(_ member: WatchedMember, _ reader: inout FileReader) throws(HostError) -> EtcdProcess? {
        let candidates = try etcdProcesses(&reader)
        if let port = member.clientPort, candidates.count > 1 {
            let sockets = try listeningSockets(on: port, &reader)
            for candidate in candidates where owns(candidate.pid, any: sockets) {
                return process(candidate.pid, &reader)
            }
        }
        let wanted = resolvedPath(member.dataDirectory)
        let named = candidates.filter { $0.dataDirectory.map(resolvedPath) == wanted }
        if named.count == 1 { return process(named[0].pid, &reader) }
        let silent = candidates.filter { $0.dataDirectory == nil }
        if named.isEmpty, candidates.count == 1, silent.count == 1 { return process(silent[0].pid, &reader) }
        return nil
    }

    /// Whether `process` still runs (and its number was not given to another one).
    package func isAlive(_ process: EtcdProcess, _ reader: inout FileReader) -> Bool {
        self.process(process.pid, &reader) == process
    }

    /// The data directories that the host's etcd processes name on their command lines.
    package func dataDirectories(_ reader: inout FileReader) throws(HostError) -> [String] {
        try etcdProcesses(&reader).compactMap(\.dataDirectory)
    }

    private struct Candidate {
        var pid: Int
        var dataDirectory: String?
    }

    /// Every process whose program is called etcd.
    private func etcdProcesses(_ reader: inout FileReader) throws(HostError) -> [Candidate] {
        var result: [Candidate] = []
        for name in try namesInDirectory(root.proc) {
            guard let pid = Int(name) else { continue }
            // A process may end while we look: then it is not the one.
            guard let command = try? reader.line("\(root.proc)/\(pid)/comm"), command == "etcd" else { continue }
            guard let line = try? reader.line("\(root.proc)/\(pid)/cmdline") else { continue }
            result.append(Candidate(pid: pid, dataDirectory: Self.dataDirectory(in: line)))
        }
        return result
    }

    /// The value of `--data-dir` in a command line whose words end with NUL. A relative one is of no use.
    static func dataDirectory(in commandLine: String) -> String? {
        var words = commandLine.split(separator: "\0", omittingEmptySubsequences: true).makeIterator()
        while let word = words.next() {
            for flag in ["--data-dir", "-data-dir"] {
                var value: String?
                if word == flag { value = words.next().map(String.init) }
                if word.hasPrefix(flag + "=") { value = String(word.dropFirst(flag.count + 1)) }
                if let value, value.hasPrefix("/") { return value }
            }
        }
        return nil
    }

    private func process(_ pid: Int, _ reader: inout FileReader) -> EtcdProcess? {
        // Gone in the meantime: nil is the answer.
        guard let status = try? ProcessStatus(pid, root, &reader) else { return nil }
        return EtcdProcess(pid: pid, startTicks: status.startTicks)
    }

    /// The inodes of the sockets that listen on `port`, from /proc/net/tcp and tcp6.
    private func listeningSockets(on port: Int, _ reader: inout FileReader) throws(HostError) -> Set<String> {
        let suffix =
            ":" + String(repeating: "0", count: max(0, 4 - String(port, radix: 16).count))
            + String(port, radix: 16, uppercase: true)
        var inodes: Set<String> = []
        for file in ["tcp", "tcp6"] {
            // No tcp6 where IPv6 is off.
            guard var text = try? reader.read("\(root.proc)/net/\(file)") else { continue }
            text.nextLine()
            while !text.isAtEnd {
                text.skipWords(1)
                if let local = text.word(), local.hasSuffix(suffix) {
                    text.skipWords(1)
                    let isListening = text.word() == "0A"
                    text.skipWords(5)
                    if isListening, let inode = text.word() { inodes.insert("socket:[\(inode)]") }
                }
                text.nextLine()
            }
        }
        return inodes
    }

    private func owns(_ pid: Int, any sockets: Set<String>) -> Bool {
        let folder = "\(root.proc)/\(pid)/fd"
        // Not ours to read: the command line decides.
        guard !sockets.isEmpty, let names = try? namesInDirectory(folder) else { return false }
        return names.contains { linkTarget("\(folder)/\($0)").map(sockets.contains) ?? false }
    }
}

/// `/proc/PID/stat` (proc_pid_stat(5)), the fields that are used.
struct ProcessStatus {
    /// Whether a signal (SIGSTOP) or a debugger has stopped it.
    var isStopped: Bool
    var userTicks: Double
    var systemTicks: Double
    var majorFaults: Double
    var threads: Double
    var startTicks: UInt64
    var virtualBytes: Double
    var residentPages: Double

    init(_ pid: Int, _ root: HostRoot, _ reader: inout FileReader) throws(HostError) {
        let path = "\(root.proc)/\(pid)/stat"
        let line = try reader.line(path)
        // The second field is the program's name in parentheses, and may hold anything, even a parenthesis.
        guard let end = line.lastIndex(of: ")") else { throw HostError(.malformed, "\(path): no name") }
        let fields = line[line.index(after: end)...].split(separator: " ")
        guard fields.count > 21, let major = Double(fields[9]), let user = Double(fields[11]),
            let system = Double(fields[12]), let threads = Double(fields[17]), let start = UInt64(fields[19]),
            let size = Double(fields[20]), let pages = Double(fields[21])
        else { throw HostError(.malformed, "\(path): fields missing") }
        isStopped = fields[0].lowercased() == "t"
        majorFaults = major
        userTicks = user
        systemTicks = system
        self.threads = threads
        startTicks = start
        virtualBytes = size
        residentPages = pages
    }
}
