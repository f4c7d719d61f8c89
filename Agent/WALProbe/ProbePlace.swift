internal import DurableFiles
internal import Glibc
internal import HostCollectors

/// A directory of the agent's on the very filesystem that a member's WAL is on.
struct ProbePlace: Sendable, Hashable {
    var directory: String
    /// Whose WAL it is; the place is looked for again when that process has gone.
    var process: EtcdProcess
    /// What holds the WAL, as etcd sees it.
    var mount: Mount
}

/// Why no such directory is there; told, and never replaced by another disk.
public struct ProbeImpossibility: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is missing.
    public enum Code: String, Sendable {
        /// etcd's process was not found, so nothing is known of its mounts.
        case processNotFound = "process_not_found"
        /// Its mounts cannot be read, or none holds the WAL.
        case mountUnknown = "mount_unknown"
        /// None of the directories is on the WAL's filesystem.
        case otherFilesystem = "other_filesystem"
        /// One is, and the agent may not write there.
        case denied
        /// It failed in another way; see the message.
        case failed
    }

    /// What is missing.
    public var code: Code
    /// What was found, and what to do.
    public var message: String

    public var description: String { message }
}

/// Looks for the place: etcd's mounts are read through its own /proc/PID/mountinfo, as a sandbox or a container shows
/// it others than the host's.
struct ProbePlaceFinder: Sendable {
    let root: HostRoot
    let member: WatchedMember
    /// A directory given in the configuration: then no other is tried.
    let configured: String?
    /// The agent's own, made if missing.
    let ownDirectory: String

    /// The name of a directory that a person may have made at the mount point of the WAL's filesystem.
    static let wellKnownName = ".etcd-monitor-probe"

    func find() throws(ProbeImpossibility) -> ProbePlace {
        var reader = FileReader()
        let process = try etcdProcess(&reader)
        let wal = resolvedPath(member.walDirectory)
        let mount = try walMount(of: process, holding: wal, &reader)
        var refusals: [ProbeImpossibility] = []
        for directory in candidates(mount) {
            do throws(ProbeImpossibility) {
                try examine(directory, mount, &reader)
                return ProbePlace(directory: directory, process: process, mount: mount)
            } catch {
                refusals.append(error)
            }
        }
        // A directory on the right filesystem that is closed is nearer to the goal than one on another.
        throw refusals.first { $0.code == .denied } ?? refusals.last
            ?? ProbeImpossibility(code: .failed, message: "no directory was tried")
    }

    /// Whether `place` is still where etcd is.
    func isCurrent(_ place: ProbePlace) -> Bool {
        var reader = FileReader()
        return EtcdProcessFinder(root).isAlive(place.process, &reader)
    }

    private func etcdProcess(_ reader: inout FileReader) throws(ProbeImpossibility) -> EtcdProcess {
        // What cannot be read is not found: the message says what may be the cause.
        if let found = try? EtcdProcessFinder(root).find(member, &reader) { return found }
        throw ProbeImpossibility(
            code: .processNotFound,
            message: "the etcd process of \(member.name) is not found in \(root.proc): is it on this host, with "
                + "--data-dir \(member.dataDirectory), and /proc not mounted with hidepid?")
    }

    private func walMount(
        of process: EtcdProcess, holding wal: String, _ reader: inout FileReader
    ) throws(ProbeImpossibility) -> Mount {
        do throws(HostError) {
            if let mount = try MountTable(of: process.pid, root, &reader).mount(holding: wal) { return mount }
        } catch {
            throw ProbeImpossibility(code: .mountUnknown, message: "\(error)")
        }
        throw ProbeImpossibility(code: .mountUnknown, message: "etcd sees no mount that holds \(wal)")
    }

    private func candidates(_ mount: Mount) -> [String] {
        if let configured { return [configured] }
        let point = mount.mountPoint == "/" ? "" : mount.mountPoint
        return [ownDirectory, "\(point)/\(Self.wellKnownName)"]
    }

    /// Throws if `directory` is not on `wal`'s filesystem, or not ours to write in.
    private func examine(
        _ directory: String, _ wal: Mount, _ reader: inout FileReader
    ) throws(ProbeImpossibility) {
        if directory == ownDirectory {
            do throws(FileError) {
                try Directory.create(directory)
            } catch {
                throw ProbeImpossibility(code: .failed, message: "\(directory): \(error)")
            }
        }
        var status = stat()
        guard stat(directory, &status) == 0 else {
            throw ProbeImpossibility(
                code: .otherFilesystem,
                message: "the WAL is on \(wal.named), where the agent has no directory (\(directory): "
                    + "\(String(cString: strerror(errno)))); \(Self.remedy(directory))")
        }
        let ours: Mount?
        do throws(HostError) {
            ours = try MountTable(ofThisProcess: root, &reader).mount(holding: resolvedPath(directory))
        } catch {
            throw ProbeImpossibility(code: .mountUnknown, message: "\(error)")
        }
        guard let ours else {
            throw ProbeImpossibility(code: .mountUnknown, message: "no mount holds \(directory)")
        }
        if let difference = wal.difference(
            from: ours, directoryDevice: DeviceNumber(status.st_dev), walDevice: visibleDevice(wal))
        {
            throw ProbeImpossibility(
                code: .otherFilesystem,
                message: "the WAL is on \(wal.named), \(directory) is not: \(difference); "
                    + Self.remedy("\(wal.mountPoint)/\(Self.wellKnownName)"))
        }
        guard access(directory, W_OK | X_OK) == 0 else {
            throw ProbeImpossibility(
                code: .denied,
                message: "\(directory): \(String(cString: strerror(errno))); \(Self.remedy(directory))")
        }
    }

    /// `st_dev` of the WAL's directory, or of the folder nearest above it that the agent may look at and that etcd has
    /// on the same mount.
    private func visibleDevice(_ wal: Mount) -> DeviceNumber? {
        var path = resolvedPath(member.walDirectory)
        while path.utf8.count >= wal.mountPoint.utf8.count, path != "/" {
            var status = stat()
            if stat(path, &status) == 0 { return DeviceNumber(status.st_dev) }
            path = Directory.parent(of: path)
        }
        return nil
    }

    private static func remedy(_ directory: String) -> String {
        "make one with `install -d -o etcd-monitor-agent -g etcd-monitor-agent -m 0700 \(directory)`, name it in the "
            + "member's `probe_dir`, and add it to ReadWritePaths= of the unit"
    }
}

extension Mount {
    /// For messages: `ext4 /dev/vdb1 (259:1, mounted at /var/lib/etcd)`.
    var named: String { "\(filesystem) \(source) (\(deviceNumber), mounted at \(mountPoint))" }

    /// Why what `ours` holds is not on this mount's filesystem with the same options; nil if it is.
    ///
    /// - Parameters:
    ///   - directoryDevice: `st_dev` of our directory.
    ///   - walDevice: `st_dev` of the WAL's directory, if it can be seen.
    func difference(from ours: Mount, directoryDevice: DeviceNumber, walDevice: DeviceNumber?) -> String? {
        guard ours.deviceNumber == deviceNumber else { return "it is on \(ours.named)" }
        guard ours.filesystem == filesystem else { return "it is on \(ours.named)" }
        guard ours.filesystemOptions == filesystemOptions else {
            return "it is mounted with \(ours.filesystemOptions), the WAL with \(filesystemOptions)"
        }
        if deviceNumber.hasPrefix("0:") {
            // btrfs gives each subvolume a number of its own, overlays each layer: only equal numbers prove anything.
            guard let walDevice else { return "of a \(filesystem) the agent would have to see the WAL's directory" }
            return walDevice == directoryDevice ? nil : "it is another part of \(ours.named)"
        }
        // What mountinfo says could be covered by a mount made meanwhile; where the directory really is cannot.
        return directoryDevice.description == deviceNumber ? nil : "its device is \(directoryDevice)"
    }
}
