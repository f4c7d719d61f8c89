import Glibc

/// Lines for people who started a command.
enum StandardError {
    static func print(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        // Nobody to tell if this fails.
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
