internal import Glibc

/// A fresh directory, removed with everything in it when the last reference goes.
public final class TemporaryDirectory: Sendable {
    /// Absolute, without a trailing slash.
    public let path: String

    /// Makes one under TMPDIR or /tmp, mode 0700.
    public init() throws {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/etcd-monitor-test.XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw SystemCallFailure("mkdtemp") }
        path = String(cString: made)
    }

    deinit { remove(path) }

    /// The path of `name` in it.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes `bytes` to the file `name` and returns its path.
    @discardableResult
    public func write(_ bytes: some Collection<UInt8>, to name: String) throws -> String {
        let path = file(name)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemCallFailure("open \(path)") }
        defer { close(descriptor) }
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw SystemCallFailure("write \(path)") }
            rest = rest.dropFirst(count)
        }
        return path
    }

    /// Writes `text` to the file `name` and returns its path.
    @discardableResult
    public func write(_ text: String, to name: String) throws -> String { try write(text.utf8, to: name) }

    /// The bytes of the file `name`.
    public func read(_ name: String) throws -> [UInt8] {
        let descriptor = open(file(name), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemCallFailure("open \(file(name))") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { throw SystemCallFailure("read \(file(name))") }
            guard count > 0 else { return bytes }
            bytes += chunk.prefix(count)
        }
    }
}

/// A system call that failed, with errno's text.
public struct SystemCallFailure: Error, CustomStringConvertible {
    /// What was tried and why it failed.
    public let description: String

    /// The failure of `action`, read from errno now.
    public init(_ action: String) {
        description = "\(action): \(String(cString: strerror(errno)))"
    }
}

/// Removes a file, or a directory and all in it; follows no links. What cannot be removed stays: tests go on.
private func remove(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR, let directory = opendir(path) else {
        unlink(path)
        return
    }
    while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
            String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { remove("\(path)/\(name)") }
    }
    closedir(directory)
    rmdir(path)
}
