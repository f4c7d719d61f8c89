import Glibc

/// What this process takes of the host.
enum ProcessMemory {
    /// The second number of `/proc/self/statm`, in bytes; 0 if it cannot be read.
    static var residentBytes: Double {
        // Files below /proc have no size, so they are read by stdio and not as files are.
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [UInt8](repeating: 0, count: 256)
        let count = fread(&line, 1, line.count, file)
        let numbers = String(decoding: line[..<count], as: UTF8.self).split(separator: " ")
        guard numbers.count > 1, let pages = Double(numbers[1]) else { return 0 }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }
}
