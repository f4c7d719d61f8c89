internal import DurableFiles
internal import Glibc
internal import Model

/// What this process uses, by getrusage(2) and /proc/self/status.
struct ProcessUsage: Sendable {
    /// When it began, near enough: when this was made.
    let startSeconds = WallClock.system.now.seconds

    /// User and system time.
    var cpuSeconds: Double {
        var usage = rusage()
        guard getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return 0 }
        let micro = Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + micro
    }

    /// Lines of /proc/self/status in bytes, such as `VmRSS:`; none if it cannot be read.
    func memory(_ fields: [String]) -> [Double] {
        // Without /proc there are no figures, and nothing else fails.
        guard let bytes = try? OpenFile("/proc/self/status", .read).read(at: 0, count: 8192) else { return [] }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        return fields.compactMap { field in
            lines.first { $0.hasPrefix(field) }?.dropFirst(field.utf8.count)
                .split(whereSeparator: { $0 == " " || $0 == "\t" }).first.flatMap { Double($0) }.map { $0 * 1024 }
        }
    }
}
