internal import Glibc

/// One process per directory: held until it goes away, and by the kernel no longer than the process lives.
public struct FileLock: ~Copyable, Sendable {
    private let file: OpenFile

    /// Takes the lock `path`, made if missing.
    ///
    /// - Throws: `.locked` at once when another process holds it.
    public init(_ path: String) throws(FileError) {
        let file = try OpenFile(path, .create)
        _ = try retrying("flock", path) { flock(file.descriptor, LOCK_EX | LOCK_NB) }
        self.file = file
    }
}
