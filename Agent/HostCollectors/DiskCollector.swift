internal import Model

/// `/proc/diskstats` (Documentation/admin-guide/iostats.rst) of the real disks and of everything under the members'
/// directories, and which disk serves which directory.
struct DiskCollector: Collector {
    let name = "diskstats"
    private let root: HostRoot
    private let members: [WatchedMember]
    private let devices: BlockDevices
    private var watched: Set<String> = []
    private var roles: [(device: String, role: String)] = []
    private var roundsUntilLook = 0
    private var statistics = SeriesGroup(Self.metrics)
    private var role = SeriesGroup([
        Metric(
            "etcd_monitor_disk_role", .gauge,
            "1 for each disk that a member's directory really is on: role data or wal.")
    ])

    /// Disks and mounts are looked up anew once in so many rounds.
    private static let roundsBetweenLooks = 12

    /// In the order of the line's fields, with what one unit of the field is worth.
    private static let fields: [(name: String, unit: Double, type: MetricType, help: String)] = [
        ("reads_completed_total", 1, .counter, "The total number of reads completed successfully."),
        ("reads_merged_total", 1, .counter, "The total number of reads merged."),
        ("read_bytes_total", 512, .counter, "The total number of bytes read successfully."),
        ("read_time_seconds_total", 0.001, .counter, "The total number of seconds spent by all reads."),
        ("writes_completed_total", 1, .counter, "The total number of writes completed successfully."),
        ("writes_merged_total", 1, .counter, "The number of writes merged."),
        ("written_bytes_total", 512, .counter, "The total number of bytes written successfully."),
        ("write_time_seconds_total", 0.001, .counter, "This is the total number of seconds spent by all writes."),
        ("io_now", 1, .gauge, "The number of I/Os currently in progress."),
        ("io_time_seconds_total", 0.001, .counter, "Total seconds spent doing I/Os."),
        ("io_time_weighted_seconds_total", 0.001, .counter, "The weighted # of seconds spent doing I/Os."),
        ("discards_completed_total", 1, .counter, "The total number of discards completed successfully."),
        ("discards_merged_total", 1, .counter, "The total number of discards merged."),
        ("discarded_sectors_total", 1, .counter, "The total number of sectors discarded successfully."),
        (
            "discard_time_seconds_total", 0.001, .counter,
            "This is the total number of seconds spent by all discards."
        ),
        ("flush_requests_total", 1, .counter, "The total number of flush requests completed successfully"),
        (
            "flush_requests_time_seconds_total", 0.001, .counter,
            "This is the total number of seconds spent by all flush requests."
        ),
    ]
    private static let metrics = fields.map { Metric("node_disk_" + $0.name, $0.type, $0.help) }

    init(_ root: HostRoot, members: [WatchedMember]) {
        self.root = root
        self.members = members
        devices = BlockDevices(root)
    }

    mutating func collect(with reader: inout FileReader, into board: inout SampleBoard) throws(HostError) {
        if roundsUntilLook == 0 {
            try look(&reader)
            roundsUntilLook = Self.roundsBetweenLooks
        }
        roundsUntilLook -= 1
        for (device, role) in roles {
            self.role.set(
                [1], for: role + device, labels: [Label("device", device), Label("role", role)], in: &board)
        }
        var text = try reader.read(root.proc + "/diskstats")
        while !text.isAtEnd {
            text.skipWords(2)
            if let device = text.word(), watched.contains(device) {
                let numbers = statistics.numbers(for: device, labels: [Label("device", device)], in: &board)
                for (number, field) in zip(numbers, Self.fields) {
                    // Older kernels know neither discards nor flushes.
                    guard let value = text.number() else { break }
                    // Divided, not multiplied by 0.001: 27.644 and not 27.644000000000002.
                    board.set(number, to: field.unit < 1 ? value / 1000 : value * field.unit)
                }
            }
            text.nextLine()
        }
    }

    private mutating func look(_ reader: inout FileReader) throws(HostError) {
        watched = Set(try devices.disks())
        roles = []
        let table = try MountTable(root, &reader)
        for member in members {
            for (path, role) in [(member.dataDirectory, "data"), (member.walDirectory, "wal")] {
                guard let mount = table.mount(holding: resolvedPath(path)) else { continue }
                let stack = devices.stack(under: mount)
                watched.formUnion(stack.all)
                for disk in stack.disks where !roles.contains(where: { $0 == (disk, role) }) {
                    roles.append((disk, role))
                }
            }
        }
    }
}
