internal import Glibc

/// The whole file at `path`, if it has at most `limit` bytes.
func readFile(_ path: String, limit: Int) throws(ConfigurationError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path, errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw unreadable(path, errno) }
        guard count > 0 else { return bytes }
        bytes += chunk.prefix(count)
        guard bytes.count <= limit else {
            throw ConfigurationError(
                file: path, line: 0, column: 0, problem: "larger than \(limit) bytes", remedy: "is it the right file?")
        }
    }
}

private func unreadable(_ path: String, _ code: Int32) -> ConfigurationError {
    let remedy =
        switch code {
        case ENOENT: "create it, or name another file"
        case EACCES: "let this user read it"
        case EISDIR: "name a file in it"
        default: "check the file"
        }
    return ConfigurationError(
        file: path, line: 0, column: 0, problem: "cannot be read: \(String(cString: strerror(code)))", remedy: remedy)
}
