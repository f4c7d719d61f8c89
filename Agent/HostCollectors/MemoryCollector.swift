internal import Model

/// `/proc/meminfo`: every field, as bytes where the kernel says kB.
struct MemoryCollector: Collector {
    let name = "meminfo"
    private let path: String
    private var numbers: [String: Int] = [:]

    init(_ root: HostRoot) {
        path = root.proc + "/meminfo"
    }

    mutating func collect(with reader: inout FileReader, into board: inout SampleBoard) throws(HostError) {
        var text = try reader.read(path)
        var count = 0
        while !text.isAtEnd {
            if let field = text.word(upTo: 0x3a), let value = text.number() {
                let isKilobytes = text.word() != nil
                board.set(number(of: field, isKilobytes, in: &board), to: isKilobytes ? value * 1024 : value)
                count += 1
            }
            text.nextLine()
        }
        if count == 0 { throw HostError(.malformed, "\(path): no field") }
    }

    /// `Active(anon)` in kB is `node_memory_Active_anon_bytes`, `HugePages_Free` is `node_memory_HugePages_Free`.
    private mutating func number(of field: String, _ isKilobytes: Bool, in board: inout SampleBoard) -> Int {
        if let known = numbers[field] { return known }
        var word = ""
        for character in field where character != ")" { word.append(character == "(" ? "_" : character) }
        if isKilobytes { word += "_bytes" }
        let metric = "node_memory_" + word
        let family = board.family(metric, .gauge, help: "Memory information field \(word).")
        let number = board.number(of: Labels(metric: metric), family: family)
        numbers[field] = number
        return number
    }
}

/// `/proc/vmstat`: paging, swapping, faults and OOM kills, as node_exporter chooses them.
struct VMStatCollector: Collector {
    let name = "vmstat"
    private let path: String
    private var group = SeriesGroup(
        Self.fields.map { Metric("node_vmstat_" + $0, .unknown, "/proc/vmstat information field \($0).") })
    private static let fields = ["oom_kill", "pgfault", "pgmajfault", "pgpgin", "pgpgout", "pswpin", "pswpout"]

    init(_ root: HostRoot) {
        path = root.proc + "/vmstat"
    }

    mutating func collect(with reader: inout FileReader, into board: inout SampleBoard) throws(HostError) {
        var text = try reader.read(path)
        let numbers = group.numbers(in: &board)
        while !text.isAtEnd {
            if let word = text.word(), let at = Self.fields.firstIndex(of: word), let value = text.number() {
                board.set(numbers[at], to: value)
            }
            text.nextLine()
        }
    }
}

/// `/proc/sys/fs/file-nr`: file descriptors of the whole host.
struct FileDescriptorCollector: Collector {
    let name = "filefd"
    private let path: String
    private var group = SeriesGroup([
        Metric("node_filefd_allocated", .gauge, "File descriptor statistics: allocated."),
        Metric("node_filefd_maximum", .gauge, "File descriptor statistics: maximum."),
    ])

    init(_ root: HostRoot) {
        path = root.proc + "/sys/fs/file-nr"
    }

    mutating func collect(with reader: inout FileReader, into board: inout SampleBoard) throws(HostError) {
        var text = try reader.read(path)
        let allocated = text.number()
        text.skipWords(1)
        group.set([allocated, text.number()], in: &board)
    }
}
