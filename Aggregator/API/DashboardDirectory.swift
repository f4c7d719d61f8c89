internal import Glibc

/// Reads the dashboard's files.
enum DashboardDirectory {
    /// The regular files below `directory`, by their path in it; without those whose name begins with a dot.
    static func paths(below directory: String, prefix: String = "") -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var found: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard !name.hasPrefix(".") else { continue }
            // The entry's type spares a `stat`, whose Swift name NIO's modules dispute.
            switch Int32(entry.pointee.d_type) {
            case Int32(DT_DIR): found += paths(below: "\(directory)/\(name)", prefix: "\(prefix)\(name)/")
            case Int32(DT_REG): found.append(prefix + name)
            default: continue
            }
        }
        return found
    }

    /// The file's bytes; nil if it cannot be read.
    static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            guard count > 0 else { return nil }
            bytes += chunk[..<count]
        }
    }
}
