internal import CFallocate
internal import Glibc

/// An open file with one owner; closed when that goes away. All offsets are explicit, all calls are repeated on EINTR
/// and go on after short reads and writes.
public struct OpenFile: ~Copyable, Sendable {
    /// The kernel's number.
    public let descriptor: Int32
    /// Where it was opened.
    public let path: String

    /// How to open.
    public enum Access: Sendable {
        /// Must exist.
        case read
        /// Read and write, must exist.
        case update
        /// Read and write, made if missing.
        case create
        /// Read and write, must not exist.
        case createNew
    }

    /// Opens `path`, close-on-exec; a file that is made gets `mode`.
    public init(_ path: String, _ access: Access, mode: UInt32 = 0o600) throws(FileError) {
        let flags: Int32 =
            switch access {
            case .read: O_RDONLY
            case .update: O_RDWR
            case .create: O_RDWR | O_CREAT
            case .createNew: O_RDWR | O_CREAT | O_EXCL
            }
        descriptor = try retrying("open", path) { Glibc.open(path, flags | O_CLOEXEC, mode) }
        self.path = path
    }

    deinit { Glibc.close(descriptor) }

    /// Bytes in the file.
    public borrowing func size() throws(FileError) -> Int {
        var status = stat()
        _ = try retrying("fstat", path) { fstat(descriptor, &status) }
        return Int(status.st_size)
    }

    /// The bytes from `offset` on: `count` of them, fewer at the end of the file.
    public borrowing func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = try bytes.withUnsafeMutableBufferPointer { (buffer) throws(FileError) -> Int in
                let rest = UnsafeMutableBufferPointer(rebasing: buffer[done...])
                return try retrying("read", path) { pread(descriptor, rest.baseAddress, rest.count, offset + done) }
            }
            if got == 0 { break }
            done += got
        }
        bytes.removeLast(count - done)
        return bytes
    }

    /// Writes all of `bytes` at `offset`. When it fails a part may have been written.
    public borrowing func write(_ bytes: [UInt8], at offset: Int) throws(FileError) {
        var done = 0
        while done < bytes.count {
            done += try bytes.withUnsafeBufferPointer { (buffer) throws(FileError) -> Int in
                let rest = UnsafeBufferPointer(rebasing: buffer[done...])
                return try retrying("write", path) { pwrite(descriptor, rest.baseAddress, rest.count, offset + done) }
            }
        }
    }

    /// Cuts or extends the file to `size` bytes.
    public borrowing func truncate(to size: Int) throws(FileError) {
        _ = try retrying("ftruncate", path) { ftruncate(descriptor, size) }
    }

    /// Gives the file `size` bytes of its own on the disk, unwritten; where the filesystem cannot do that, a length only.
    public borrowing func preallocate(_ size: Int) throws(FileError) {
        do throws(FileError) {
            _ = try retrying("fallocate", path) { cfallocate(descriptor, size) }
        } catch  where error.errno == EOPNOTSUPP {
            try truncate(to: size)
        }
    }

    /// Waits until the file's data is on the disk.
    public borrowing func syncData() throws(FileError) {
        _ = try retrying("fdatasync", path) { fdatasync(descriptor) }
    }

    /// Waits until the file's data and metadata are on the disk.
    public borrowing func sync() throws(FileError) {
        _ = try retrying("fsync", path) { fsync(descriptor) }
    }
}

/// Calls `call` until it is not interrupted; turns -1 into an error.
func retrying<Number: SignedInteger>(
    _ operation: String, _ path: String, _ call: () -> Number
) throws(FileError) -> Number {
    while true {
        let result = call()
        if result != -1 { return result }
        let code = errno
        if code != EINTR { throw FileError(operation, path: path, errno: code) }
    }
}
