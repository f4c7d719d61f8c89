internal import Glibc
internal import Model

/// The etcd process of each member: found, counted, measured.
struct ProcessCollector: Collector {
    let name = "etcd_process"
    private let root: HostRoot
    private let finder: EtcdProcessFinder
    private var watches: [Watch]
    private var bootSeconds: Double?
    private let ticksPerSecond = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    private let pageBytes = Double(max(1, sysconf(Int32(_SC_PAGESIZE))))
    private var group = SeriesGroup(Self.metrics)
    private var cpu = SeriesGroup([
        Metric(
            "etcd_monitor_process_cpu_seconds_total", .counter, "CPU time of the etcd process, by mode user or system.")
    ])
    private var scheduling = SeriesGroup([
        Metric("etcd_monitor_process_stopped", .gauge, "1 while the etcd process is stopped, as by SIGSTOP."),
        Metric(
            "etcd_monitor_process_run_delay_seconds_total", .counter,
            "Time for which threads of etcd were ready to run and waited for a CPU, summed over threads."),
        Metric(
            "etcd_monitor_process_throttled_seconds_total", .counter,
            "Time for which the CPU quotas of etcd's control groups kept it from running, summed over CPUs."),
        Metric(
            "etcd_monitor_process_throttled_periods_total", .counter,
            "Periods in which a CPU quota of etcd's control groups was used up."),
    ])
    private var flags: FlagSeries

    /// What is known of one member's process.
    private struct Watch {
        var member: WatchedMember
        var process: EtcdProcess?
        var scheduling: ProcessScheduling?
        var last: EtcdProcess?
        var restarts = 0.0
        var misses = 0
        var roundsUntilSearch = 0
    }

    private static let metrics = [
        Metric("etcd_monitor_process_found", .gauge, "1 if the etcd process of the member was found."),
        Metric("etcd_monitor_process_restarts_total", .counter, "New etcd processes seen since the agent started."),
        Metric("etcd_monitor_process_start_time_seconds", .gauge, "Start of the etcd process, in unixtime."),
        Metric("etcd_monitor_process_resident_memory_bytes", .gauge, "Resident memory of the etcd process."),
        Metric("etcd_monitor_process_virtual_memory_bytes", .gauge, "Virtual memory of the etcd process."),
        Metric("etcd_monitor_process_threads", .gauge, "Threads of the etcd process."),
        Metric("etcd_monitor_process_major_faults_total", .counter, "Page faults that had to read from disk."),
        Metric("etcd_monitor_process_max_fds", .gauge, "Limit of open file descriptors (soft)."),
        Metric("etcd_monitor_process_open_fds", .gauge, "Open file descriptors of the etcd process."),
        Metric(
            "etcd_monitor_process_io_read_bytes_total", .counter, "Bytes that the process had read from storage."),
        Metric(
            "etcd_monitor_process_io_write_bytes_total", .counter, "Bytes that the process had written to storage."),
        Metric("etcd_monitor_process_io_read_calls_total", .counter, "Read system calls of the process."),
        Metric("etcd_monitor_process_io_write_calls_total", .counter, "Write system calls of the process."),
    ]
    /// A search reads a file per process of the host, so it grows rarer while it finds nothing.
    private static let longestPause = 12

    init(_ root: HostRoot, members: [WatchedMember], version: @escaping MemberVersion = { _ in nil }) {
        self.root = root
        flags = FlagSeries(root, version: version)
        finder = EtcdProcessFinder(root)
        watches = members.map { Watch(member: $0) }
    }

    mutating func collect(with reader: inout FileReader, into board: inout SampleBoard) throws(HostError) {
        var denied: HostError?
        for index in watches.indices {
            try update(&watches[index], &reader)
            let watch = watches[index]
            let name = watch.member.name
            var values: [Double?] = [watch.process == nil ? 0 : 1, watch.restarts]
            if let process = watch.process {
                let status = try ProcessStatus(process.pid, root, &reader)
                for (mode, ticks) in [("user", status.userTicks), ("system", status.systemTicks)] {
                    cpu.set(
                        [ticks / ticksPerSecond], for: name + "\n" + mode,
                        labels: [Label("member", name), Label("mode", mode)], in: &board)
                }
                let waited = watches[index].scheduling?.runDelay(&reader)
                let throttled = watches[index].scheduling?.throttled(&reader)
                scheduling.set(
                    [status.isStopped ? 1 : 0, waited, throttled?.seconds, throttled?.periods], for: name,
                    labels: [Label("member", name)], in: &board)
                flags.set(of: process, member: name, &reader, in: &board)
                values += [
                    try bootTime(&reader) + Double(status.startTicks) / ticksPerSecond,
                    status.residentPages * pageBytes, status.virtualBytes, status.threads, status.majorFaults,
                    try descriptorLimit(process.pid, &reader),
                ]
                do throws(HostError) {
                    values.append(try openDescriptors(process.pid))
                    values += try storage(process.pid, &reader)
                } catch {
                    denied = error
                }
            }
            group.set(values, for: name, labels: [Label("member", name)], in: &board)
        }
        if let denied { throw denied }
    }

    /// Keeps, loses or finds the process.
    private func update(_ watch: inout Watch, _ reader: inout FileReader) throws(HostError) {
        if let process = watch.process, finder.isAlive(process, &reader) { return }
        if watch.process != nil { watch.roundsUntilSearch = 0 }
        watch.process = nil
        watch.scheduling = nil
        if watch.roundsUntilSearch > 0 {
            watch.roundsUntilSearch -= 1
            return
        }
        guard let found = try finder.find(watch.member, &reader) else {
            watch.misses += 1
            watch.roundsUntilSearch = min(watch.misses, Self.longestPause)
            return
        }
        if let last = watch.last, last != found { watch.restarts += 1 }
        watch.process = found
        watch.scheduling = ProcessScheduling(found.pid, root)
        watch.last = found
        watch.misses = 0
    }

    private mutating func bootTime(_ reader: inout FileReader) throws(HostError) -> Double {
        if let bootSeconds { return bootSeconds }
        var text = try reader.read(root.proc + "/stat")
        while !text.isAtEnd {
            if text.word() == "btime", let seconds = text.number() {
                bootSeconds = seconds
                return seconds
            }
            text.nextLine()
        }
        throw HostError(.malformed, "\(root.proc)/stat: no btime")
    }

    /// `Max open files`, soft, of /proc/PID/limits; nil if unlimited.
    private func descriptorLimit(_ pid: Int, _ reader: inout FileReader) throws(HostError) -> Double? {
        var text = try reader.read("\(root.proc)/\(pid)/limits")
        while !text.isAtEnd {
            if text.word() == "Max", text.word() == "open", text.word() == "files" { return text.number() }
            text.nextLine()
        }
        return nil
    }

    /// Since Linux 6.2 the size of /proc/PID/fd is their number; before, they have to be listed.
    private func openDescriptors(_ pid: Int) throws(HostError) -> Double {
        let path = "\(root.proc)/\(pid)/fd"
        var status = stat()
        guard access(path, R_OK) == 0, stat(path, &status) == 0 else { throw HostError(errno: errno, on: path) }
        if status.st_size > 0, root == .system { return Double(status.st_size) }
        return Double(try namesInDirectory(path).count)
    }

    /// `/proc/PID/io`: read and written bytes, read and write calls.
    private func storage(_ pid: Int, _ reader: inout FileReader) throws(HostError) -> [Double?] {
        var text = try reader.read("\(root.proc)/\(pid)/io")
        var values: [Double?] = [nil, nil, nil, nil]
        let words = ["read_bytes:", "write_bytes:", "syscr:", "syscw:"]
        while !text.isAtEnd {
            if let word = text.word(), let at = words.firstIndex(of: word) { values[at] = text.number() }
            text.nextLine()
        }
        return values
    }
}
