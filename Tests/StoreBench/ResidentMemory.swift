internal import Glibc

/// What this process occupies.
enum ResidentMemory {
    /// Resident pages of its own, from /proc/self/statm.
    static func bytes() throws -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { throw BenchError(message: "no /proc/self/statm") }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 256, file) != nil else { throw BenchError(message: "/proc/self/statm is empty") }
        let words = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            .split(separator: " ").compactMap { Int($0) }
        return words.count > 1 ? words[1] * Int(getpagesize()) : 0
    }
}
