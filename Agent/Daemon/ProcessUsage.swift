internal import CMalloc
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

    /// A line of /proc/self/status in bytes, such as `VmRSS:`; 0 if it cannot be read.
    func memory(_ field: String) -> Double {
        // Without /proc there is no figure, and nothing else that fails.
        guard let bytes = try? AtomicFile.read("/proc/self/status") else { return 0 }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix(field) {
            return line.split(separator: " ").dropFirst().first.flatMap { Double($0) }.map { $0 * 1024 } ?? 0
        }
        return 0
    }
}

/// Keeps glibc's malloc from holding what the agent no longer needs.
enum MemoryTuning {
    /// Call it first thing in the program, while there is one thread.
    static func apply() {
        // One arena: a handful of threads that allocate little need no more, and each keeps its own free memory.
        mallopt(M_ARENA_MAX, 1)
        // Give back what is free at the top of the heap from 128 kB on, and keep large blocks out of it. Both numbers
        // are the defaults; setting one stops malloc from raising them for ever after one large scrape.
        mallopt(M_TRIM_THRESHOLD, 128 << 10)
        mallopt(M_MMAP_THRESHOLD, 128 << 10)
    }
}
