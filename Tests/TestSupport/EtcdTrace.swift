internal import Glibc

/// The recorded hour of a real cluster: 720 scrapes of each of three members. It is 330 MB unpacked, so it stays
/// outside the repository; tests that need it say so when it is absent.
public enum EtcdTrace {
    /// Where the archive is, from ETCD_TRACE or beside the package; nil if it is not there.
    public static let archive: String? = {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let candidates = [
            getenv("ETCD_TRACE").map { String(cString: $0) },
            root + "/../shared/etcd/trace/etcd-3.5.1-3-members-5s.tar.xz",
        ]
        return candidates.compactMap { $0 }.first { access($0, R_OK) == 0 }
    }()

    struct Failure: Error {
        var message: String
    }

    /// Calls `body` with each scrape of `member` (n1, n2 or n3) in order: its instant and its text.
    public static func scrapes(
        of member: String, first: Int = .max, _ body: (_ milliseconds: Int64, _ text: [UInt8]) throws -> Void
    ) throws {
        guard let archive else { throw Failure(message: "no trace") }
        guard let pipe = popen("exec xz --decompress --stdout '\(archive)' 2>/dev/null", "r") else {
            throw Failure(message: "xz cannot be started")
        }
        defer { pclose(pipe) }
        var count = 0
        while count < first, let header = read(512, from: pipe), header[0] != 0 {
            let name = text(header[0..<100])
            guard let size = Int(text(header[124..<135]), radix: 8), let content = read(size, from: pipe),
                read((512 - size % 512) % 512, from: pipe) != nil
            else { throw Failure(message: "the archive ends early") }
            guard name.hasPrefix("trace/\(member)-"), let dash = name.firstIndex(of: "-") else { continue }
            guard let milliseconds = Int64(name[name.index(after: dash)...].prefix { $0 != "." }) else { continue }
            try body(milliseconds, content)
            count += 1
        }
        guard count > 0 else { throw Failure(message: "nothing of \(member) in the archive") }
    }

    private static func read(_ count: Int, from pipe: UnsafeMutablePointer<FILE>) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return fread(&bytes, 1, count, pipe) == count ? bytes : nil
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
