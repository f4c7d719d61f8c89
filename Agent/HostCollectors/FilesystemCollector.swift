internal import Glibc
internal import Model

/// statvfs(3) of the filesystems that hold `/` and the members' directories.
struct FilesystemCollector: Collector {
    let name = "filesystem"
    private let root: HostRoot
    private let paths: [String]
    private var mounts: [Mount] = []
    private var roundsUntilLook = 0
    private var group = SeriesGroup([
        Metric("node_filesystem_size_bytes", .gauge, "Filesystem size in bytes."),
        Metric("node_filesystem_free_bytes", .gauge, "Filesystem free space in bytes."),
        Metric("node_filesystem_avail_bytes", .gauge, "Filesystem space available to non-root users in bytes."),
        Metric("node_filesystem_files", .gauge, "Filesystem total file nodes."),
        Metric("node_filesystem_files_free", .gauge, "Filesystem total free file nodes."),
        Metric("node_filesystem_readonly", .gauge, "Filesystem read-only status."),
        Metric(
            "node_filesystem_device_error", .gauge,
            "Whether an error occurred while getting statistics for the given device."),
    ])
    /// The mounts are looked up anew once in so many rounds: a filesystem rarely turns read-only, but then it counts.
    private static let roundsBetweenLooks = 6

    init(_ root: HostRoot, members: [WatchedMember]) {
        self.root = root
        paths = ["/"] + members.flatMap { [$0.dataDirectory, $0.walDirectory] }
    }

    mutating func collect(with reader: inout FileReader, into board: inout SampleBoard) throws(HostError) {
        if roundsUntilLook == 0 {
            let table = try MountTable(root, &reader)
            mounts = []
            for path in paths {
                if let mount = table.mount(holding: resolvedPath(path)), !mounts.contains(mount) {
                    mounts.append(mount)
                }
            }
            roundsUntilLook = Self.roundsBetweenLooks
        }
        roundsUntilLook -= 1
        for mount in mounts { collect(mount, into: &board) }
    }

    private mutating func collect(_ mount: Mount, into board: inout SampleBoard) {
        var values: [Double?] = [nil, nil, nil, nil, nil, mount.isReadOnly ? 1 : 0, 1]
        var status = statvfs()
        if statvfs(mount.mountPoint, &status) == 0 {
            let unit = Double(status.f_frsize)
            values = [
                Double(status.f_blocks) * unit, Double(status.f_bfree) * unit, Double(status.f_bavail) * unit,
                Double(status.f_files), Double(status.f_ffree), mount.isReadOnly ? 1 : 0, 0,
            ]
        }
        group.set(
            values, for: mount.mountPoint + "\n" + mount.source + "\n" + mount.filesystem,
            labels: [
                Label("device", mount.source), Label("fstype", mount.filesystem),
                Label("mountpoint", mount.mountPoint),
            ], in: &board)
    }
}
