import Glibc

/// Lines for people and pipes.
enum Terminal {
    /// To standard output.
    static func print(_ line: String) { write(line, to: STDOUT_FILENO) }

    /// To standard error.
    static func complain(_ line: String) { write(line, to: STDERR_FILENO) }

    /// Writes all of it; a reader that has gone away is no error of ours.
    private static func write(_ line: String, to descriptor: Int32) {
        var rest = Array("\(line)\n".utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

extension String {
    /// With spaces up to `width` characters.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
