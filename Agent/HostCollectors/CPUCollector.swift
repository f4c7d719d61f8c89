internal import Glibc
internal import Model

/// `/proc/stat`, lines `cpuN` (proc_stat(5)): seconds by mode.
struct CPUCollector: Collector {
    let name = "cpu"
    private let path: String
    private let ticksPerSecond: Double
    private var seconds: [String: [Int]] = [:]

    private static let modes = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"]

    init(_ root: HostRoot) {
        path = root.proc + "/stat"
        ticksPerSecond = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    }

    mutating func collect(with reader: inout FileReader, into board: inout SampleBoard) throws(HostError) {
        var text = try reader.read(path)
        while let word = text.word() {
            guard word.hasPrefix("cpu") else { break }
            guard word != "cpu" else {
                text.nextLine()
                continue
            }
            let numbers = numbers(of: String(word.dropFirst(3)), in: &board)
            for number in numbers {
                // Older kernels end the line earlier; those modes stay unset.
                guard let ticks = text.number() else { break }
                board.set(number, to: ticks / ticksPerSecond)
            }
            text.nextLine()
        }
        if seconds.isEmpty { throw HostError(.malformed, "\(path): no line of a processor") }
    }

    /// Eight modes, then guest time as user and as nice, in the order of the line.
    private mutating func numbers(of cpu: String, in board: inout SampleBoard) -> [Int] {
        if let known = seconds[cpu] { return known }
        let all = board.family("node_cpu_seconds_total", .counter, help: "Seconds the CPUs spent in each mode.")
        let guest = board.family(
            "node_cpu_guest_seconds_total", .counter,
            help: "Seconds the CPUs spent in guests (VMs) for each mode.")
        var numbers = Self.modes.map { mode in
            board.number(
                of: Labels(metric: "node_cpu_seconds_total", [Label("cpu", cpu), Label("mode", mode)]), family: all)
        }
        for mode in ["user", "nice"] {
            numbers.append(
                board.number(
                    of: Labels(metric: "node_cpu_guest_seconds_total", [Label("cpu", cpu), Label("mode", mode)]),
                    family: guest))
        }
        seconds[cpu] = numbers
        return numbers
    }
}

/// `/proc/stat`, the other lines: boot time, context switches, forks, interrupts, processes.
struct StatCollector: Collector {
    let name = "stat"
    private let path: String
    private var group = SeriesGroup([
        Metric("node_boot_time_seconds", .gauge, "Node boot time, in unixtime."),
        Metric("node_context_switches_total", .counter, "Total number of context switches."),
        Metric("node_forks_total", .counter, "Total number of forks."),
        Metric("node_intr_total", .counter, "Total number of interrupts serviced."),
        Metric("node_procs_blocked", .gauge, "Number of processes blocked waiting for I/O to complete."),
        Metric("node_procs_running", .gauge, "Number of processes in runnable state."),
    ])
    private static let words = ["btime", "ctxt", "processes", "intr", "procs_blocked", "procs_running"]

    init(_ root: HostRoot) {
        path = root.proc + "/stat"
    }

    mutating func collect(with reader: inout FileReader, into board: inout SampleBoard) throws(HostError) {
        var text = try reader.read(path)
        let numbers = group.numbers(in: &board)
        while !text.isAtEnd {
            if let word = text.word(), let at = Self.words.firstIndex(of: word), let value = text.number() {
                board.set(numbers[at], to: value)
            }
            text.nextLine()
        }
    }
}

/// `/proc/loadavg`.
struct LoadCollector: Collector {
    let name = "loadavg"
    private let path: String
    private var group = SeriesGroup([
        Metric("node_load1", .gauge, "1m load average."),
        Metric("node_load5", .gauge, "5m load average."),
        Metric("node_load15", .gauge, "15m load average."),
    ])

    init(_ root: HostRoot) {
        path = root.proc + "/loadavg"
    }

    mutating func collect(with reader: inout FileReader, into board: inout SampleBoard) throws(HostError) {
        var text = try reader.read(path)
        for number in group.numbers(in: &board) {
            guard let load = text.number() else { throw HostError(.malformed, "\(path): not three numbers") }
            board.set(number, to: load)
        }
    }
}

/// `/proc/pressure/{cpu,io,memory}` (Documentation/accounting/psi.rst): how long work waited.
struct PressureCollector: Collector {
    let name = "pressure"
    private let folder: String
    private var group = SeriesGroup([
        Metric(
            "node_pressure_cpu_waiting_seconds_total", .counter,
            "Total time in seconds that processes have waited for CPU time"),
        Metric(
            "node_pressure_io_waiting_seconds_total", .counter,
            "Total time in seconds that processes have waited due to IO congestion"),
        Metric(
            "node_pressure_io_stalled_seconds_total", .counter,
            "Total time in seconds no process could make progress due to IO congestion"),
        Metric(
            "node_pressure_memory_waiting_seconds_total", .counter,
            "Total time in seconds that processes have waited for memory"),
        Metric(
            "node_pressure_memory_stalled_seconds_total", .counter,
            "Total time in seconds no process could make progress due to memory congestion"),
    ])

    init(_ root: HostRoot) {
        folder = root.proc + "/pressure"
    }

    mutating func collect(with reader: inout FileReader, into board: inout SampleBoard) throws(HostError) {
        let cpu = try totals("cpu", &reader)
        let io = try totals("io", &reader)
        let memory = try totals("memory", &reader)
        group.set([cpu.some, io.some, io.full, memory.some, memory.full], in: &board)
    }

    /// The `total=` microseconds of the lines `some` and `full`, in seconds.
    private func totals(
        _ resource: String, _ reader: inout FileReader
    ) throws(HostError) -> (some: Double?, full: Double?) {
        var text = try reader.read("\(folder)/\(resource)")
        var result: (some: Double?, full: Double?) = (nil, nil)
        while let kind = text.word() {
            while let pair = text.word() {
                guard pair.hasPrefix("total="), let microseconds = Double(pair.dropFirst(6)) else { continue }
                if kind == "some" { result.some = microseconds / 1e6 } else { result.full = microseconds / 1e6 }
            }
            text.nextLine()
        }
        return result
    }
}
