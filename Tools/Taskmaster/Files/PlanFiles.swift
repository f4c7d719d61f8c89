internal import DurableFiles
internal import FoundationEssentials
internal import Glibc

/// A plan and its history on disk: `tasks.json` and, beside it, `tasks.state.json`.
///
/// Each file is replaced whole, so that readers need no lock. Who changes them holds the lock of their directory from
/// reading to writing, so that of two changes at once the second sees the first. The history is written first: after a
/// crash between the two it may tell of a last change that the plan does not show, never the other way round.
struct PlanFiles {
    let planPath: String
    let statePath: String
    /// How long to wait for another process that changes a plan in the same directory.
    var lockTimeout = Duration.seconds(10)

    /// What they hold.
    struct Content: Equatable {
        var plan: Plan
        var history: PlanHistory
    }

    init(plan path: String) {
        planPath = path
        statePath = (path.hasSuffix(".json") ? String(path.dropLast(5)) : path) + ".state.json"
    }

    /// Now, to the second, as the files keep it.
    static var now: Date { Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down)) }

    /// Reads what is there of the two.
    ///
    /// - Throws: `.file` if one cannot be read, `.malformed` if it is not what it should be.
    func readIfPresent() throws(TaskmasterError) -> (plan: Plan?, history: PlanHistory?) {
        var found: (plan: Plan?, history: PlanHistory?)
        if let bytes = try Self.bytes(of: planPath) { found.plan = try Plan(reading: bytes, file: planPath) }
        if let bytes = try Self.bytes(of: statePath) {
            found.history = try PlanHistory(reading: bytes, file: statePath)
        }
        return found
    }

    /// Reads both; a missing history is an empty one.
    ///
    /// - Throws: `.file` if there is no plan; otherwise as `readIfPresent`.
    func read() throws(TaskmasterError) -> Content {
        let found = try readIfPresent()
        if let plan = found.plan {
            return Content(plan: plan, history: found.history ?? PlanHistory(lastUpdated: Self.now))
        }
        throw TaskmasterError(
            .file,
            "\(planPath): no such plan: make it with `taskmaster init PRD.md \(planPath)`, or name yours with --plan")
    }

    /// Reads both under the lock, lets `body` change them, and writes back what it changed.
    func change<Result>(
        _ body: (inout Content) throws(TaskmasterError) -> Result
    ) throws(TaskmasterError) -> Result {
        try withLock { () throws(TaskmasterError) in
            let before = try read()
            var after = before
            let result = try body(&after)
            try write(after, over: before.plan, before.history)
            return result
        }
    }

    /// Writes what differs from `plan` and `history`, which are there.
    func write(_ content: Content, over plan: Plan?, _ history: PlanHistory?) throws(TaskmasterError) {
        if content.history != history { try Self.write(content.history.json.pretty, to: statePath) }
        if content.plan != plan { try Self.write(content.plan.json.pretty, to: planPath) }
    }

    /// Runs `body` while no other process changes a plan in the same directory.
    ///
    /// - Throws: `.busy` if the lock is not free within `lockTimeout`.
    func withLock<Result>(_ body: () throws(TaskmasterError) -> Result) throws(TaskmasterError) -> Result {
        let path = Directory.parent(of: planPath)
        let directory = try Self.open(path)
        let deadline = ContinuousClock.now + lockTimeout
        // flock knows no deadline of its own.
        while flock(directory.descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw TaskmasterError(.file, "\(path): cannot be locked: \(String(cString: strerror(errno)))")
            }
            guard ContinuousClock.now < deadline else {
                throw TaskmasterError(.busy, "\(planPath): another process is changing it: try again")
            }
            usleep(5_000)
        }
        defer { flock(directory.descriptor, LOCK_UN) }
        return try body()
    }

    private static func open(_ path: String) throws(TaskmasterError) -> OpenFile {
        do throws(FileError) {
            return try OpenFile(path, .read)
        } catch {
            throw TaskmasterError(.file, "\(path): cannot be opened: \(error.reason)")
        }
    }

    /// The bytes of the file at `path`, nil if there is none.
    static func bytes(of path: String) throws(TaskmasterError) -> [UInt8]? {
        do throws(FileError) {
            return try AtomicFile.read(path, limit: 16 << 20)
        } catch {
            if error.code == .notFound { return nil }
            throw TaskmasterError(.file, "\(path): cannot be read: \(error.reason)")
        }
    }

    private static func write(_ text: String, to path: String) throws(TaskmasterError) {
        do throws(FileError) {
            try AtomicFile.write(Array(text.utf8), to: path, mode: 0o644)
        } catch {
            throw TaskmasterError(.file, "\(path): cannot be written: \(error.reason)")
        }
    }
}
