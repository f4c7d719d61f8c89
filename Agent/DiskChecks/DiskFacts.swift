/// What a directory's disk is and what went on around it: what a grade is explained by. A value; nil is "not known".
public struct DiskFacts: Hashable, Sendable {
    /// One layer under a filesystem.
    public struct Device: Hashable, Sendable {
        /// What it is.
        public enum Kind: String, Sendable {
            case disk, partition, lvm, crypt, raid, multipath, loop, mapped
        }

        /// `vda1`, `dm-0`.
        public var name: String
        public var kind: Kind
        public var sizeBytes: Double?
        /// A disk that turns.
        public var isRotational: Bool?
        /// The scheduler in use: `none`, `mq-deadline`, `bfq`, `kyber`.
        public var scheduler: String?
        /// `write back` or `write through`.
        public var writeCache: String?
        /// As the device calls itself.
        public var model: String?
        /// `raid1`, `raid5`, …
        public var raidLevel: String?
        /// The file behind a loop device.
        public var backingFile: String?
        public var health: DeviceHealth?

        /// The device `name`.
        public init(name: String, kind: Kind) {
            self.name = name
            self.kind = kind
        }
    }

    public var directory: String
    public var mountPoint = ""
    public var filesystem = ""
    /// What is mounted.
    public var source = ""
    public var mountOptions = ""
    public var filesystemOptions = ""
    public var sizeBytes: Double?
    public var freeBytes: Double?
    /// From the filesystem's own device downwards.
    public var devices: [Device] = []
    /// Directories of etcd processes that are on the same filesystem.
    public var etcdDirectories: [String] = []
    /// etcd's own syncs of its WAL during the check.
    public var etcdSyncsPerSecond: Double?
    /// Written to the disks by others in the second before the check.
    public var neighbourBytesPerSecond: Double?
    /// The share of time before and during the check in which nothing could go on for I/O: 0…1.
    public var pressureBefore: Double?
    public var pressureDuring: Double?

    /// Facts about `directory`.
    public init(directory: String) {
        self.directory = directory
    }

    /// Whether the operating system stands on the same filesystem.
    public var isRootFilesystem: Bool { mountPoint == "/" }
    /// The real disks at the bottom.
    public var disks: [Device] { devices.filter { $0.kind == .disk } }
}

/// How worn a device says it is.
public struct DeviceHealth: Hashable, Sendable {
    /// Of the endurance it was built for; may exceed 100.
    public var wearPercent: Double?
    /// Whether it calls itself healthy.
    public var isPassed: Bool?
    public var temperatureCelsius: Double?

    /// Nothing known.
    public init() {}
}
