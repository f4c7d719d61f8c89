internal import JSON

/// What fio says of one run, taken out of its JSON (`--output-format=json`).
struct FioReport: Hashable, Sendable {
    /// fdatasync of the slowest job: of several at once the worst counts.
    var latencies: FsyncLatencies
    /// Syncs a second of all jobs.
    var syncsPerSecond: Double

    /// Reads `output`; lines before the first brace are warnings.
    init(_ output: [UInt8]) throws(DiskCheckError) {
        guard let brace = output.firstIndex(of: UInt8(ascii: "{")) else {
            throw Self.unreadable("it printed no JSON: \(String(decoding: output.suffix(200), as: UTF8.self))")
        }
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue(parsing: Array(output[brace...]))
        } catch {
            throw Self.unreadable("\(error)")
        }
        try Self.checkVersion(json["fio version"]?.string ?? "")
        let jobs = json["jobs"]?.array ?? []
        if let failed = jobs.compactMap({ $0["error"]?.int64 }).first(where: { $0 != 0 }) {
            throw FioFailure.error(errno: Int32(clamping: failed), words: "")
        }
        let found = jobs.compactMap(Self.latencies)
        guard let worst = found.max(by: { $0.p99 < $1.p99 }) else {
            throw DiskCheckError(
                .tooSlow, "not one fdatasync was done in the time of a run",
                remedy: "this disk cannot carry etcd; see the kernel's log for errors of it")
        }
        latencies = worst
        // `sync.total_ios` is 0 in the releases that Debian and Ubuntu have; `lat_ns.N` counts.
        syncsPerSecond = jobs.reduce(0) { sum, job in
            let milliseconds = Double(job["job_runtime"]?.int64 ?? 0)
            let count = Double(job["sync"]?["lat_ns"]?["N"]?.int64 ?? 0)
            return milliseconds > 0 ? sum + count / milliseconds * 1000 : sum
        }
    }

    private static func latencies(_ job: JSONValue) -> FsyncLatencies? {
        guard let times = job["sync"]?["lat_ns"], let count = times["N"]?.int64, count > 0,
            let percentiles = times["percentile"], let maximum = times["max"]?.double
        else { return nil }
        let values = ["50.000000", "90.000000", "99.000000", "99.900000"].compactMap { percentiles[$0]?.double }
        guard values.count == 4 else { return nil }
        // fio's percentiles are the upper ends of buckets, and so may be beyond the longest.
        let seconds = values.map { min($0, maximum) / 1e9 }
        return FsyncLatencies(
            count: Int(clamping: count), p50: seconds[0], p90: seconds[1], p99: seconds[2], p999: seconds[3],
            maximum: maximum / 1e9)
    }

    /// fio tells what syncs took from 3.5 on.
    static func checkVersion(_ text: String) throws(DiskCheckError) {
        let numbers = text.drop { !$0.isNumber }.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        guard let major = numbers.first else { return }
        if major < 3 || (major == 3 && numbers.count > 1 && numbers[1] < 5) {
            throw DiskCheckError(
                .fioTooOld, "\(text) does not report how long fdatasync takes", remedy: "install fio 3.5 or later")
        }
    }

    private static func unreadable(_ words: String) -> DiskCheckError {
        DiskCheckError(.fioFailed, "fio's report cannot be read: \(words)", remedy: "try the printed command by hand")
    }
}

/// fio's failures, in the operator's words.
enum FioFailure {
    /// - Parameters:
    ///   - errno: as fio says it, 0 if it did not.
    ///   - words: what it wrote to standard error.
    static func error(errno: Int32, words: String) -> DiskCheckError {
        let text = words.split(separator: "\n").suffix(3).joined(separator: " / ")
        switch errno {
        case 28, 122:
            return DiskCheckError(
                .noSpace, "the disk became full while fio wrote", remedy: "free some space, or name another directory")
        case 30:
            return DiskCheckError(
                .readOnly, "the filesystem became read-only while fio wrote",
                remedy: "the kernel's log (journalctl -k) tells of the disk's error")
        case 13, 1:
            return DiskCheckError(
                .denied, "fio may not write there", remedy: "run it as root, or as a user who may")
        case 5:
            return DiskCheckError(
                .fioFailed, "the disk answered fio with an input/output error",
                remedy: "the kernel's log (journalctl -k) tells more; replace this disk")
        default:
            let reason = text.isEmpty ? (errno == 0 ? "without a word" : "error \(errno)") : text
            return DiskCheckError(.fioFailed, "fio failed: \(reason)", remedy: "try the printed command by hand")
        }
    }
}
