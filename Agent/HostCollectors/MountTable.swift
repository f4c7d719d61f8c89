internal import Glibc

/// One mount, as proc_pid_mountinfo(5) has it.
package struct Mount: Hashable, Sendable {
    /// `major:minor` of the filesystem; major 0 where it has no block device of its own (btrfs, overlay, tmpfs).
    package var deviceNumber: String
    /// The part of the filesystem that is mounted: `/`, or a folder (bind mounts) or subvolume of it.
    package var root: String
    package var mountPoint: String
    package var filesystem: String
    /// What was mounted: `/dev/vda1`, `tank/etcd`, `tmpfs`.
    package var source: String
    /// Of this mount alone: `rw,noatime`.
    package var options: String
    /// Of the filesystem, wherever it is mounted: `rw,data=ordered`.
    package var filesystemOptions: String

    /// A mount; tests make them too.
    package init(
        deviceNumber: String, root: String = "/", mountPoint: String, filesystem: String, source: String,
        options: String = "rw", filesystemOptions: String = "rw"
    ) {
        self.deviceNumber = deviceNumber
        self.root = root
        self.mountPoint = mountPoint
        self.filesystem = filesystem
        self.source = source
        self.options = options
        self.filesystemOptions = filesystemOptions
    }

    package var isReadOnly: Bool {
        [options, filesystemOptions].contains { $0.split(separator: ",").contains("ro") }
    }
}

/// The mounts that the host's processes see.
package struct MountTable: Sendable {
    package let mounts: [Mount]

    /// The table of process 1, as the agent's own may show what its sandbox made read-only; else the agent's.
    init(_ root: HostRoot, _ reader: inout FileReader) throws(HostError) {
        if let text = try? reader.read(root.proc + "/1/mountinfo") {  // hidepid, containers: our own table will do
            mounts = Self.parse(text)
        } else {
            mounts = Self.parse(try reader.read(root.proc + "/self/mountinfo"))
        }
    }

    /// The table that the process `pid` sees: a service's sandbox or a container has another than the host. Open to
    /// everyone, unless /proc is mounted with `hidepid`.
    package init(of pid: Int, _ root: HostRoot, _ reader: inout FileReader) throws(HostError) {
        mounts = Self.parse(try reader.read("\(root.proc)/\(pid)/mountinfo"))
    }

    /// The table that this process sees.
    package init(ofThisProcess root: HostRoot, _ reader: inout FileReader) throws(HostError) {
        mounts = Self.parse(try reader.read(root.proc + "/self/mountinfo"))
    }

    package init(parsing text: String) {
        mounts = Self.parse(TextScanner(text))
    }

    /// The mount that holds `path`: the one with the longest mount point above it; of equal ones the last, which
    /// covers the others.
    package func mount(holding path: String) -> Mount? {
        var best: Mount?
        for mount in mounts where Self.is(path, under: mount.mountPoint) {
            if mount.mountPoint.utf8.count >= best?.mountPoint.utf8.count ?? 0 { best = mount }
        }
        return best
    }

    private static func `is`(_ path: String, under folder: String) -> Bool {
        folder == "/" || path == folder || path.hasPrefix(folder + "/")
    }

    private static func parse(_ table: TextScanner) -> [Mount] {
        var text = table
        var mounts: [Mount] = []
        while !text.isAtEnd {
            text.skipWords(2)
            if let number = text.word(), let root = text.word(), let point = text.word(), let options = text.word() {
                while let optional = text.word(), optional != "-" {}
                if let filesystem = text.word(), let source = text.word() {
                    let superOptions = text.word() ?? ""
                    mounts.append(
                        Mount(
                            deviceNumber: number, root: unescaped(root), mountPoint: unescaped(point),
                            filesystem: filesystem, source: unescaped(source), options: options,
                            filesystemOptions: superOptions))
                }
            }
            text.nextLine()
        }
        return mounts
    }

    /// Blank, tab, line feed and backslash are written as three octal digits.
    private static func unescaped(_ word: String) -> String {
        guard word.utf8.contains(0x5c) else { return word }
        let bytes = Array(word.utf8)
        var result: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == 0x5c, at + 3 < bytes.count,
                let code = UInt8(String(decoding: bytes[(at + 1)...(at + 3)], as: UTF8.self), radix: 8)
            {
                result.append(code)
                at += 4
            } else {
                result.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

/// `path` without symbolic links, as far as the agent may look: what is behind a closed door keeps its name, so a WAL
/// directory inside etcd's 0700 directory is taken to be on the same filesystem.
package func resolvedPath(_ path: String) -> String {
    var known = path
    var rest = ""
    while true {
        if let real = realpath(known, nil) {
            defer { free(real) }
            let base = String(cString: real)
            return rest.isEmpty ? base : (base == "/" ? rest : base + rest)
        }
        guard let slash = known.lastIndex(of: "/"), known != "/" else { return path }
        rest = known[slash...] + rest
        known = slash == known.startIndex ? "/" : String(known[..<slash])
    }
}
