internal import Glibc

/// A small file that is always whole: readers see the old content or the new one, also after a crash.
public enum AtomicFile {
    /// Replaces `path` by `bytes`: written beside it, synced, renamed, and the directory synced.
    ///
    /// - Parameter mode: permissions of the new file, whatever the umask.
    public static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o600) throws(FileError) {
        let temporary = "\(path).new"
        try Directory.removeFile(temporary)
        do throws(FileError) {
            let file = try OpenFile(temporary, .createNew, mode: mode)
            _ = try retrying("fchmod", temporary) { fchmod(file.descriptor, mode) }
            try file.write(bytes, at: 0)
            try file.sync()
            _ = try retrying("rename", path) { rename(temporary, path) }
        } catch {
            unlink(temporary)
            throw error
        }
        try Directory.sync(Directory.parent(of: path))
    }

    /// The content of `path`.
    ///
    /// - Throws: `.tooLarge` beyond `limit` bytes.
    public static func read(_ path: String, limit: Int = 1 << 20) throws(FileError) -> [UInt8] {
        let file = try OpenFile(path, .read)
        // The kernel's own files (/proc) have a size of 0, whatever they hold.
        let size = try file.size()
        let bytes = try file.read(at: 0, count: (size > 0 ? Swift.min(size, limit) : limit) + 1)
        guard bytes.count <= limit else { throw FileError(.tooLarge, "read", path: path) }
        return bytes
    }
}
