import API
import AsyncSupport
import Glibc
import Logging
import Postgres
import ServiceLifecycle
import Synchronization

/// Whether the aggregator itself can do its work, and what an operator should do if not: for `/health`, the log and the
/// dashboard.
final class SelfCheck: Service, CustomStringConvertible {
    /// Free space of which a warning is given, and of which it is a failure: PostgreSQL stops at none.
    private static let (scarceBytes, noBytes) = (Int64(1) << 30, Int64(64) << 20)

    private let pool: PostgresPool
    /// Where the database of our own is; nil if it is the user's.
    private let diskOfDatabase: String?
    private let logger: Logger
    private let current = Mutex<[SelfProblem]>([])
    private let probe = Mutex(Probe())

    /// A question to the database. A server that hangs does not even let go of who asks, so nobody waits for it.
    private struct Probe {
        var askedAt: ContinuousClock.Instant?
        var hasFailed = false
    }

    private static let patience = Duration.seconds(5)

    init(pool: PostgresPool, diskOfDatabase: String?, logger: Logger) {
        self.pool = pool
        self.diskOfDatabase = diskOfDatabase
        self.logger = logger
    }

    var description: String { "SelfCheck" }

    /// What is wrong now.
    var problems: [SelfProblem] { current.withLock { $0 } }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var ticker = Ticker(every: .seconds(3), clock: ContinuousClock())
            // Cancelled: shutdown.
            while (try? await ticker.next()) != nil { self.check() }
        }
    }

    private func check() {
        let found = [disk(), database()].compactMap { $0 }
        let before = current.withLock { current in
            defer { current = found }
            return current
        }
        for problem in found where !before.contains(where: { $0.code == problem.code }) {
            logger.error(
                "the aggregator is impaired",
                metadata: ["problem": "\(problem.sentence)", "remedy": "\(problem.remedy)"])
        }
        for problem in before where !found.contains(where: { $0.code == problem.code }) {
            logger.notice("the aggregator is no longer impaired", metadata: ["problem": "\(problem.code)"])
        }
    }

    private func database() -> SelfProblem? {
        let now = ContinuousClock.now
        let (isDue, isFine) = probe.withLock { probe -> (Bool, Bool) in
            if let askedAt = probe.askedAt { return (false, !probe.hasFailed && now - askedAt < Self.patience) }
            probe.askedAt = now
            return (true, !probe.hasFailed)
        }
        if isDue {
            Task { [self] in
                let isAnswered = await isAnswered()
                probe.withLock { $0 = Probe(askedAt: nil, hasFailed: !isAnswered) }
            }
        }
        guard !isFine else { return nil }
        return SelfProblem(
            code: "database",
            sentence: "The database does not answer. Agents keep what they measure and send it when it does.",
            remedy: diskOfDatabase == nil
                ? "Look at the server that 'database' names: does it run, can this host reach it, may this user sign in?"
                : "Look at the lines 'postgres says' in this program's log; it is started again by itself.")
    }

    private func isAnswered() async -> Bool {
        do {
            _ = try await pool.query("select 1 as one")
            return true
        } catch {
            logger.debug("the database does not answer", metadata: ["error": "\(String(reflecting: error))"])
            return false
        }
    }

    private func disk() -> SelfProblem? {
        guard let path = diskOfDatabase else { return nil }
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let (free, size) = (
            Int64(status.f_bavail) * Int64(status.f_frsize), Int64(status.f_blocks) * Int64(status.f_frsize)
        )
        guard free < min(Self.scarceBytes, size / 20) else { return nil }
        let isFull = free < min(Self.noBytes, size / 50)
        return SelfProblem(
            code: isFull ? "disk-full" : "disk-scarce",
            sentence: isFull
                ? "The disk of the database is full: nothing can be stored. Agents keep what they measure."
                : "The disk of the database is almost full: \(free >> 20) MiB are free.",
            remedy: "Make \(path) larger, or lower 'retention' or 'storage.limit' and start the aggregator again.")
    }
}
