/// What to do about a disk, each piece because of a fact.
public struct DiskAdvice: Hashable, Sendable {
    /// What it is about.
    public enum Code: String, Sendable, CaseIterable {
        case notADisk = "not-a-disk"
        case networkFilesystem = "network-filesystem"
        case overlay
        case loopDevice = "loop-device"
        case noBarriers = "no-barriers"
        case synchronousMount = "synchronous-mount"
        case dataJournal = "data-journal"
        case rotational
        case parityRAID = "parity-raid"
        case scheduler
        case ownDevice = "own-device"
        case neighbour
        case liveEtcd = "live-etcd"
        case slowingDown = "slowing-down"
        case cloudVolume = "cloud-volume"
        case volatileCache = "volatile-cache"
        case longTail = "long-tail"
        case lowSpace = "low-space"
        case worn
        case failing
    }

    public var code: Code
    /// The fact and what to do.
    public var sentence: String
}

extension DiskAdvice {
    /// What `facts` and the runs' latencies (in their order) advise; what keeps the figures from being believed first.
    static func all(_ facts: DiskFacts, grade: DiskGrade, runs: [FsyncLatencies], limit: Double) -> [DiskAdvice] {
        var advice = Advising(facts: facts, grade: grade, runs: runs, limit: limit)
        advice.onFilesystem()
        advice.onMountOptions()
        advice.onDevices()
        advice.onSurroundings()
        advice.onLatencies()
        advice.onHealth()
        return advice.found
    }
}

/// Collects advice, subject by subject.
private struct Advising {
    let facts: DiskFacts
    let grade: DiskGrade
    let runs: [FsyncLatencies]
    let limit: Double
    var found: [DiskAdvice] = []

    private var isSlow: Bool { grade < .ready }

    private mutating func add(_ code: DiskAdvice.Code, _ sentence: String) {
        found.append(DiskAdvice(code: code, sentence: sentence))
    }

    mutating func onFilesystem() {
        let filesystem = facts.filesystem
        if ["tmpfs", "ramfs", "devtmpfs"].contains(filesystem) {
            add(.notADisk, "\(facts.mountPoint) is a \(filesystem), memory and not a disk: these figures say nothing.")
        } else if ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "glusterfs"].contains(filesystem)
            || filesystem.hasPrefix("fuse")
        {
            add(
                .networkFilesystem,
                "\(facts.mountPoint) is a \(filesystem): etcd needs a local disk with a filesystem of the kernel.")
        } else if filesystem == "overlay" {
            add(.overlay, "The directory is in a container's overlay: put etcd's directories on a volume.")
        }
        if let file = facts.devices.first(where: { $0.kind == .loop })?.backingFile {
            add(.loopDevice, "The filesystem is in a file (\(file)): each sync goes through a second filesystem.")
        }
    }

    mutating func onMountOptions() {
        let options = Set((facts.mountOptions + "," + facts.filesystemOptions).split(separator: ",").map(String.init))
        if !options.isDisjoint(with: ["nobarrier", "barrier=0"]) {
            add(
                .noBarriers,
                "Mounted without barriers: syncs are fast because they promise nothing. A power cut will damage etcd's "
                    + "data: remount with barriers and check again.")
        }
        if !options.isDisjoint(with: ["sync", "dirsync"]) {
            add(.synchronousMount, "Mounted with sync or dirsync: each write waits by itself; remove the option.")
        }
        if options.contains("data=journal") {
            add(.dataJournal, "Mounted with data=journal: all is written twice; data=ordered is enough for etcd.")
        }
    }

    mutating func onDevices() {
        for device in facts.devices {
            if let level = device.raidLevel, ["raid4", "raid5", "raid6"].contains(level) {
                add(.parityRAID, "\(device.name) is \(level): small syncs wait for parity; use raid1 or raid10.")
            }
        }
        for disk in facts.disks {
            if disk.isRotational == true, isSlow {
                add(.rotational, "\(disk.name) turns: a sync waits for the platter. etcd needs an SSD.")
            }
            if disk.isRotational == false, disk.scheduler == "bfq", isSlow {
                add(
                    .scheduler,
                    "\(disk.name) is an SSD scheduled by bfq: `echo none > /sys/block/\(disk.name)/queue/scheduler`, "
                        + "and a udev rule to keep it.")
            }
            if disk.isRotational == true, disk.scheduler == "none", isSlow {
                add(
                    .scheduler,
                    "\(disk.name) turns and has no scheduler: "
                        + "`echo mq-deadline > /sys/block/\(disk.name)/queue/scheduler`.")
            }
            if isSlow, disk.writeCache == "write back", disk.isRotational == false {
                add(
                    .volatileCache,
                    "\(disk.name) has a cache that each sync has to empty: a drive with power-loss protection "
                        + "(enterprise SSD) does not wait for that.")
            }
            if isSlow, let model = disk.model, Self.isCloudVolume(model) {
                add(
                    .cloudVolume,
                    "\(disk.name) is a cloud volume (\(model)): its IOPS and burst credit are bought; take a class with "
                        + "provisioned IOPS, or local NVMe.")
            }
        }
        if isSlow, facts.isRootFilesystem {
            add(
                .ownDevice,
                "The directory shares its filesystem with the operating system, whose writes each sync has to wait for: "
                    + "give etcd's WAL a device of its own.")
        }
    }

    private static func isCloudVolume(_ model: String) -> Bool {
        ["Amazon Elastic Block Store", "PersistentDisk", "Virtual Disk", "nvme_card-pd"].contains {
            model.hasPrefix($0)
        }
    }

    mutating func onSurroundings() {
        if let bytes = facts.neighbourBytesPerSecond, bytes > 5e6 {
            add(
                .neighbour,
                "Others wrote \(Self.round(bytes / 1e6)) MB/s to the disk before the check: find them (`iotop -o`), or "
                    + "give the WAL a device of its own.")
        } else if let pressure = facts.pressureBefore, pressure > 0.1 {
            add(
                .neighbour,
                "The host was stalled by I/O for \(Self.round(pressure * 100)) % of the time before the check: find who "
                    + "writes (`iotop -o`).")
        }
        if let directory = facts.etcdDirectories.first {
            let rate = facts.etcdSyncsPerSecond.map { ", with \(Self.round($0)) syncs a second" } ?? ""
            add(
                .liveEtcd,
                "An etcd runs on this filesystem (\(directory)\(rate)): both were slower than they are alone.")
        }
        if let free = facts.freeBytes, let size = facts.sizeBytes, size > 0, free < size / 10 {
            add(.lowSpace, "Only \(Self.round(free / size * 100)) % is free: filesystems grow slow, and etcd stops.")
        }
    }

    mutating func onLatencies() {
        if let first = runs.first, let last = runs.last, runs.count > 1, last.p99 > first.p99 * 3, last.p99 > limit / 2
        {
            add(
                .slowingDown,
                "The last run's p99 was \(Self.round(last.p99 / first.p99)) times the first one's: burst credit or a "
                    + "cache was used up. What counts is the last figure.")
        }
        if !isSlow, let worst = runs.map(\.maximum).max(), worst >= 0.5 {
            add(
                .longTail,
                "One sync took \(Self.round(worst * 1000)) ms, longer than a heartbeat: watch the probe's longest.")
        }
    }

    mutating func onHealth() {
        for disk in facts.disks {
            if disk.health?.isPassed == false {
                add(.failing, "\(disk.name) says that it fails (SMART): replace it.")
            } else if let wear = disk.health?.wearPercent, wear >= 80 {
                add(.worn, "\(disk.name) has used \(Self.round(wear)) % of its endurance: plan its replacement.")
            }
        }
    }

    private static func round(_ value: Double) -> String {
        value < 10 ? "\((value * 10).rounded() / 10)" : "\(Int(value.rounded()))"
    }
}
