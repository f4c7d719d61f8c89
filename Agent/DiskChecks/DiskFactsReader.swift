internal import AsyncSupport
internal import Glibc
internal import HostCollectors

/// Reads what a disk is from mountinfo, sysfs, diskstats and pressure. What cannot be read stays unknown.
struct DiskFactsReader {
    private let root: HostRoot
    private let devices: BlockDevices
    private var reader = FileReader()

    init(_ root: HostRoot) {
        self.root = root
        devices = BlockDevices(root)
    }

    /// The facts that do not move.
    mutating func facts(of directory: String) -> DiskFacts {
        var facts = DiskFacts(directory: directory)
        let real = resolvedPath(directory)
        var status = statvfs()
        if statvfs(directory, &status) == 0 {
            facts.sizeBytes = Double(status.f_blocks) * Double(status.f_frsize)
            facts.freeBytes = Double(status.f_bavail) * Double(status.f_frsize)
        }
        // Without mountinfo nothing of what is below is known, and the figures stand alone.
        guard let table = try? MountTable(ofThisProcess: root, &reader), let mount = table.mount(holding: real) else {
            return facts
        }
        facts.mountPoint = mount.mountPoint
        facts.filesystem = mount.filesystem
        facts.source = mount.source
        facts.mountOptions = mount.options
        facts.filesystemOptions = mount.filesystemOptions
        let stack = devices.stack(under: mount)
        facts.devices = stack.all.map { device($0, isDisk: stack.disks.contains($0)) }
        // Processes that cannot be looked at are not counted.
        facts.etcdDirectories = ((try? EtcdProcessFinder(root).dataDirectories(&reader)) ?? []).filter {
            table.mount(holding: resolvedPath($0)) == mount
        }
        return facts
    }

    private mutating func device(_ name: String, isDisk: Bool) -> DiskFacts.Device {
        let path = "\(root.sys)/class/block/\(name)"
        var device = DiskFacts.Device(name: name, kind: kind(name, path, isDisk: isDisk))
        device.sizeBytes = reader.numberIfAny(path + "/size").map { $0 * 512 }
        device.isRotational = reader.numberIfAny(path + "/queue/rotational").map { $0 == 1 }
        // What a hypervisor shows says "turns" unless someone told it otherwise.
        if device.isRotational == true, name.hasPrefix("vd") || name.hasPrefix("xvd") { device.isRotational = nil }
        device.scheduler = line(path + "/queue/scheduler").map(Self.chosen)
        device.writeCache = line(path + "/queue/write_cache")
        device.model = line(path + "/device/model")
        device.raidLevel = line(path + "/md/level")
        device.backingFile = line(path + "/loop/backing_file")
        return device
    }

    private mutating func kind(_ name: String, _ path: String, isDisk: Bool) -> DiskFacts.Device.Kind {
        if exists(path + "/partition") { return .partition }
        if exists(path + "/loop") { return .loop }
        if exists(path + "/md") { return .raid }
        let mapping = line(path + "/dm/uuid") ?? ""
        if mapping.hasPrefix("LVM-") { return .lvm }
        if mapping.hasPrefix("CRYPT-") { return .crypt }
        if mapping.hasPrefix("mpath-") { return .multipath }
        return mapping.isEmpty ? .disk : .mapped
    }

    /// `none` of `[none] mq-deadline`; the whole line where nothing is chosen.
    static func chosen(_ schedulers: String) -> String {
        guard let open = schedulers.firstIndex(of: "["), let end = schedulers.firstIndex(of: "]"), open < end else {
            return schedulers
        }
        return String(schedulers[schedulers.index(after: open)..<end])
    }

    private mutating func line(_ path: String) -> String? {
        guard let line = try? reader.line(path), !line.isEmpty else { return nil }  // absence is the answer
        return line
    }

    /// Counters of a moment, to be compared with a later one.
    struct Moment: Sendable {
        var at = ContinuousClock.now
        /// By disk.
        var writtenBytes: [String: Double] = [:]
        /// `full total` of /proc/pressure/io in seconds.
        var stalledSeconds: Double?
    }

    /// What the disks of `facts` have written, and how long the host was stalled.
    mutating func moment(_ facts: DiskFacts) -> Moment {
        var moment = Moment()
        for disk in facts.disks {
            // Field 7 of the device's own stat file: sectors written.
            guard var text = try? reader.read("\(root.sys)/class/block/\(disk.name)/stat") else { continue }  // gone
            text.skipWords(6)
            if let sectors = text.number() { moment.writtenBytes[disk.name] = sectors * 512 }
        }
        guard var text = try? reader.read(root.proc + "/pressure/io") else { return moment }  // a kernel without it
        while let kind = text.word() {
            while kind == "full", let pair = text.word() {
                if pair.hasPrefix("total=") { moment.stalledSeconds = Double(pair.dropFirst(6)).map { $0 / 1e6 } }
            }
            text.nextLine()
        }
        return moment
    }
}

extension DiskFactsReader.Moment {
    /// The share of time until `later` in which all were stalled.
    func pressure(until later: Self) -> Double? {
        guard let before = stalledSeconds, let after = later.stalledSeconds else { return nil }
        let time = (later.at - at) / .seconds(1)
        return time > 0 ? min(1, max(0, (after - before) / time)) : nil
    }

    /// Written to all disks until `later`, bytes a second.
    func writtenPerSecond(until later: Self) -> Double? {
        let time = (later.at - at) / .seconds(1)
        guard !writtenBytes.isEmpty, time > 0 else { return nil }
        return writtenBytes.reduce(0) { $0 + max(0, (later.writtenBytes[$1.key] ?? $1.value) - $1.value) } / time
    }
}
