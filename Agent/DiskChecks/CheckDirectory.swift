internal import DurableFiles
internal import Glibc

/// A directory of its own below the one that is checked, gone with everything in it when the check is over.
enum CheckDirectory {
    private static let prefix = ".etcd-monitor-disk-check-"
    /// Left free beside what the jobs write.
    private static let reserveBytes = 64 << 20

    /// Makes it, if `directory` exists, may be written to, and has room for `bytes`; its path. To be removed by `remove`.
    static func make(in directory: String, bytes: Int) throws(DiskCheckError) -> String {
        var status = stat()
        guard stat(directory, &status) == 0 else { throw error(errno, directory) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw DiskCheckError(
                .notADirectory, "\(directory) is not a directory",
                remedy: "name the directory that will hold etcd's WAL")
        }
        removeLeftovers(in: directory)
        let path = "\(directory)/\(prefix)\(getpid())"
        // Tried before space is looked at: a filesystem that is read-only or closed may be full besides.
        guard mkdir(path, 0o700) == 0 else { throw error(errno, directory) }
        var filesystem = statvfs()
        if statvfs(directory, &filesystem) == 0 {
            let free = Int(filesystem.f_bavail) * Int(filesystem.f_frsize)
            guard free >= bytes + reserveBytes else {
                rmdir(path)
                throw DiskCheckError(
                    .noSpace,
                    "\(directory): the check needs \((bytes + reserveBytes) >> 20) MiB, and \(free >> 20) MiB are free",
                    remedy: "free some space, or take a smaller profile")
            }
        }
        return path
    }

    private static func error(_ number: Int32, _ directory: String) -> DiskCheckError {
        switch number {
        case ENOENT:
            DiskCheckError(
                .directoryMissing, "\(directory) does not exist",
                remedy: "make it on the disk that will hold etcd's WAL: mkdir -p \(directory)")
        case ENOTDIR:
            DiskCheckError(
                .notADirectory, "a part of \(directory) is not a directory",
                remedy: "name the directory that will hold etcd's WAL")
        case EACCES, EPERM:
            DiskCheckError(
                .denied, "\(directory): permission denied",
                remedy: "run it as root, or as a user who may write there: sudo etcd-monitor-agent disk check …")
        case EROFS:
            DiskCheckError(
                .readOnly, "\(directory) is on a read-only filesystem",
                remedy: "remount it (mount -o remount,rw …); if nobody mounted it so, the kernel did after an error of "
                    + "the disk: journalctl -k")
        case ENOSPC, EDQUOT:
            DiskCheckError(
                .noSpace, "\(directory): no space is left, or no inodes",
                remedy: "free some space, or name another directory")
        default:
            DiskCheckError(
                .fioFailed, "\(directory): \(String(cString: strerror(number)))",
                remedy: "the kernel's log (journalctl -k) may tell more")
        }
    }

    /// What a check left that was killed. One that runs is named by a process that lives.
    private static func removeLeftovers(in directory: String) {
        // What cannot be listed has no leftovers that could be removed.
        for name in (try? Directory.entries(directory)) ?? [] where name.hasPrefix(prefix) {
            guard let pid = pid_t(name.dropFirst(prefix.count)), kill(pid, 0) != 0, errno == ESRCH else { continue }
            remove("\(directory)/\(name)")
        }
    }

    /// Removes it and what is in it.
    static func remove(_ path: String) {
        // fio writes files only; what cannot be listed or removed stays and is tried again by the next check.
        for name in (try? Directory.entries(path)) ?? [] { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}
