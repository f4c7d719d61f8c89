internal import CMalloc
internal import DurableFiles
internal import Glibc

/// Keeps the agent from holding memory that it does not need.
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

    /// Gives back what only start-up and rare events needed: free heap, and pages of programs and libraries that were
    /// mapped on the way. What is needed again comes back from the page cache, a microsecond a page.
    static func release() {
        malloc_trim(0)
        // Without /proc nothing is released, and nothing else fails.
        guard let bytes = try? OpenFile("/proc/self/smaps", .read).read(at: 0, count: 1 << 20) else { return }
        for mapping in CleanMapping.all(in: bytes) {
            _ = madvise(UnsafeMutableRawPointer(bitPattern: mapping.start), mapping.length, MADV_DONTNEED)
        }
    }
}

/// A private mapping of a file that cannot be written and has no page of the process' own: to drop it is to read it
/// again. Data that the loader relocated and then made read-only has such pages, and is none.
struct CleanMapping: Equatable {
    var start: UInt
    var length: Int

    /// The clean mappings in the text of /proc/PID/smaps (proc_pid_smaps(5)).
    static func all(in smaps: [UInt8]) -> [CleanMapping] {
        var result: [CleanMapping] = []
        var candidate: CleanMapping?
        for line in smaps.split(separator: 0x0a) {
            if let first = line.first, isLowerHex(first), let header = header(line) {
                candidate = header
            } else if line.starts(with: anonymous), let mapping = candidate {
                candidate = nil
                if line.suffix(nothing.count).elementsEqual(nothing) { result.append(mapping) }
            } else if isHeader(line) {
                candidate = nil
            }
        }
        return result
    }

    private static let anonymous = Array("Anonymous:".utf8)
    private static let nothing = Array(" 0 kB".utf8)

    /// `start-end perms offset device inode path`, if it may be clean: `r-xp` or `r--p` of a file.
    private static func header(_ line: ArraySlice<UInt8>) -> CleanMapping? {
        let words = line.split(separator: 0x20)
        guard words.count >= 6, words[5].first == UInt8(ascii: "/"),
            ["r-xp", "r--p"].contains(String(decoding: words[1], as: UTF8.self)),
            case let range = words[0].split(separator: UInt8(ascii: "-")), range.count == 2,
            let start = UInt(String(decoding: range[0], as: UTF8.self), radix: 16),
            let end = UInt(String(decoding: range[1], as: UTF8.self), radix: 16), end > start
        else { return nil }
        return CleanMapping(start: start, length: Int(end - start))
    }

    private static func isHeader(_ line: ArraySlice<UInt8>) -> Bool {
        line.first.map(isLowerHex) ?? false
    }

    private static func isLowerHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }
}
