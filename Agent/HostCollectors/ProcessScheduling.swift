/// How long the threads of one process wait for a CPU, and how long the quotas of its control groups keep them from one.
///
/// Both count from the first round on: what was before is left out, else an agent that starts anew would look like an etcd
/// that has just waited for all of it.
struct ProcessScheduling {
    private let pid: Int
    private let root: HostRoot
    private var threads: [Int: UInt64]?
    private var runDelayNanoseconds: UInt64 = 0
    private var groups: [String: Throttling] = [:]
    private var throttling = Throttling()

    /// Of a process with more threads, those with the lowest numbers are read: they live longest.
    static let threadLimit = 128
    /// Control groups within each other.
    private static let depthLimit = 16

    /// What a quota has cost.
    struct Throttling: Equatable {
        /// Of all CPUs together: more than one a second is possible.
        var seconds = 0.0
        /// Periods in which the quota was used up.
        var periods = 0.0
    }

    init(_ pid: Int, _ root: HostRoot) {
        self.pid = pid
        self.root = root
    }

    /// Seconds for which threads were ready to run and did not: the second field of `/proc/PID/task/*/schedstat`
    /// (Documentation/scheduler/sched-stats.rst), summed; a group's quota is in it. Never goes down, though threads end.
    /// Whole milliseconds; nil where the kernel does not count it.
    mutating func runDelay(_ reader: inout FileReader) -> Double? {
        let folder = "\(root.proc)/\(pid)/task"
        guard let names = try? namesInDirectory(folder) else { return nil }  // the process has just ended
        var found: [Int: UInt64] = [:]
        for thread in names.compactMap({ Int($0) }).sorted().prefix(Self.threadLimit) {
            // It may have ended since it was listed.
            guard var text = try? reader.read("\(folder)/\(thread)/schedstat") else { continue }
            text.skipWords(1)
            guard let waited = text.unsigned() else { continue }
            found[thread] = waited
            guard let threads else { continue }
            // A number that was given to another thread begins anew.
            let before = threads[thread] ?? 0
            runDelayNanoseconds += waited >= before ? waited - before : waited
        }
        threads = found
        return found.isEmpty ? nil : Double(runDelayNanoseconds / 1_000_000) / 1000
    }

    /// What the quotas of the process' control groups have cost it, its own and those above; nil where no `cpu.stat` tells.
    mutating func throttled(_ reader: inout FileReader) -> Throttling? {
        var current: [String: Throttling] = [:]
        for folder in folders(&reader) {
            // Not there, or without the controller: another one tells.
            guard let text = try? reader.read(folder + "/cpu.stat"), let now = Self.parse(text) else { continue }
            current[folder] = now
            // A process that was moved does not take over what its new group has suffered before.
            guard let before = groups[folder] else { continue }
            throttling.seconds += max(0, now.seconds - before.seconds)
            throttling.periods += max(0, now.periods - before.periods)
        }
        groups = current
        guard !current.isEmpty else { return nil }
        return Throttling(seconds: (throttling.seconds * 1000).rounded() / 1000, periods: throttling.periods)
    }

    /// The folders of the process' control groups in the hierarchy that has the cpu controller, innermost first, as
    /// `/proc/PID/cgroup` names them (cgroups(7)). Read every time: a process can be moved.
    private func folders(_ reader: inout FileReader) -> [String] {
        guard var text = try? reader.read("\(root.proc)/\(pid)/cgroup") else { return [] }  // it has just ended
        var unified: String?
        var own: (controllers: String, path: String)?
        while !text.isAtEnd {
            _ = text.word(upTo: 0x3a)
            let controllers = text.word(upTo: 0x3a) ?? ""
            let path = text.restOfLine()
            if controllers.isEmpty { unified = path }
            if controllers.split(separator: ",").contains("cpu") { own = (controllers, path) }
        }
        let mount = root.sys + "/fs/cgroup"
        let places: (mounts: [String], path: String)
        if let own {
            places = ([own.controllers, "cpu,cpuacct", "cpu"].map { "\(mount)/\($0)" }, own.path)
        } else if let unified {
            places = (["\(mount)/unified", mount], unified)
        } else {
            return []
        }
        var parts = places.path.split(separator: "/")
        // Above the root of our cgroup namespace nothing can be seen from here.
        guard let base = places.mounts.first(where: exists), !parts.contains(".."), parts.count <= Self.depthLimit
        else { return [] }
        var folders: [String] = []
        while !parts.isEmpty {
            folders.append(base + "/" + parts.joined(separator: "/"))
            parts.removeLast()
        }
        return folders + [base]
    }

    /// `nr_throttled`, and `throttled_time` in nanoseconds (v1) or `throttled_usec` (v2); nil if neither is there.
    private static func parse(_ statistics: TextScanner) -> Throttling? {
        var text = statistics
        var throttling = Throttling()
        var isThere = false
        while !text.isAtEnd {
            switch text.word() {
            case "nr_throttled": throttling.periods = text.number() ?? 0
            case "throttled_time":
                throttling.seconds = (text.number() ?? 0) / 1e9
                isThere = true
            case "throttled_usec":
                throttling.seconds = (text.number() ?? 0) / 1e6
                isThere = true
            default: break
            }
            text.nextLine()
        }
        return isThere ? throttling : nil
    }
}
