internal import Glibc

/// Reads the kernel's small files into one buffer that is used again and again.
package struct FileReader {
    private var buffer = [UInt8](repeating: 0, count: 16 * 1024)

    /// A file of the kernel longer than this is not read to its end.
    private static let limit = 4 * 1024 * 1024

    package init() {}

    /// The contents of the file at `path`, as a scanner that should be done before the next read.
    package mutating func read(_ path: String) throws(HostError) -> TextScanner {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw HostError(errno: errno, on: path) }
        defer { close(descriptor) }
        var filled = 0
        while true {
            if filled == buffer.count {
                guard filled < Self.limit else { break }
                buffer.append(contentsOf: repeatElement(0, count: buffer.count))
            }
            let count = buffer.withUnsafeMutableBytes { bytes in
                Glibc.read(descriptor, bytes.baseAddress?.advanced(by: filled), bytes.count - filled)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw HostError(errno: errno, on: path)
            }
            if count == 0 { break }
            filled += count
        }
        return TextScanner(buffer, end: filled)
    }

    /// The single number that the file at `path` holds.
    package mutating func number(_ path: String) throws(HostError) -> Double {
        var scanner = try read(path)
        guard let value = scanner.number() else { throw HostError(.malformed, "\(path): not a number") }
        return value
    }

    /// The single line that the file at `path` holds, without blanks at its ends.
    package mutating func line(_ path: String) throws(HostError) -> String {
        var scanner = try read(path)
        return scanner.restOfLine()
    }
}

extension FileReader {
    /// The number in the file at `path`, or nil where a kernel or driver does not have it or will not tell now.
    package mutating func numberIfAny(_ path: String) -> Double? {
        try? number(path)  // absence is the answer
    }
}

/// The names in the folder `path`, without `.` and `..`.
package func namesInDirectory(_ path: String) throws(HostError) -> [String] {
    guard let directory = opendir(path) else { throw HostError(errno: errno, on: path) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names
}

/// Where the symbolic link `path` points, or nil.
package func linkTarget(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { bytes in
        bytes.withMemoryRebound(to: CChar.self) { characters in
            characters.baseAddress.map { readlink(path, $0, characters.count) } ?? -1
        }
    }
    return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
}

/// The part of `path` after its last slash.
package func lastComponent(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? ""
}

/// Whether something is at `path` that the agent can see.
package func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
