internal import DiskChecks
@preconcurrency internal import Glibc
internal import ServiceRuntime
internal import Synchronization

/// `disk check`: alone on a host, also before etcd is there.
struct DiskCheckCommand: Equatable {
    var directory: String
    var profile: FioProfile
    var runs: Int
    var concurrent: Int
    var wantsJSON: Bool

    /// Reads what follows the word `disk`.
    init(_ options: inout AgentInvocation.Options) throws(AgentInvocation.Misuse) {
        let profileName = try options.take("--profile") ?? FioProfile.etcd.rawValue
        guard let profile = FioProfile(rawValue: profileName) else {
            let known = FioProfile.allCases.map(\.rawValue).joined(separator: ", ")
            throw AgentInvocation.Misuse(description: "no profile \"\(profileName)\": known are \(known)")
        }
        self.profile = profile
        runs = try Self.number("--runs", &options, default: 3, in: 1...9)
        concurrent = try Self.number("--concurrent", &options, default: 1, in: 1...4)
        wantsJSON = options.flag("--json")
        let word = try options.positional("\"check\"")
        guard word == "check" || options.wantsHelp else {
            throw AgentInvocation.Misuse(description: "disk \"\(word)\" is not known: say `disk check`")
        }
        directory = try options.positional("the directory to check")
    }

    private static func number(
        _ name: String, _ options: inout AgentInvocation.Options, default fallback: Int, in range: ClosedRange<Int>
    ) throws(AgentInvocation.Misuse) -> Int {
        guard let text = try options.take(name) else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            throw AgentInvocation.Misuse(
                description: "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// Checks and prints; the exit status by grade.
    func run() async throws -> Int32 {
        let check = DiskCheck(directory: directory, profile: profile, runs: runs, jobs: concurrent)
        let shutdown = ShutdownSignal()
        let progress = TerminalProgress(isShown: !wantsJSON || isatty(STDERR_FILENO) != 0)
        do {
            let result = try await withThrowingTaskGroup(of: DiskCheckResult?.self) { group in
                group.addTask { try await check.run(onProgress: { progress.show($0) }) }
                group.addTask {
                    _ = await shutdown.wait()
                    return nil
                }
                // The first to end is the check, or the wish that it ends; then it is given time to clean up.
                let first = try await group.next() ?? nil
                group.cancelAll()
                if first == nil { try await group.waitForAll() }
                return first
            }
            progress.clear()
            guard let result else { return 130 }
            print(wantsJSON ? String(decoding: result.json, as: UTF8.self) : result.text)
            return Self.status(of: result.grade)
        } catch let error as DiskCheckError where error.code == .cancelled {
            progress.clear()
            fputs("etcd-monitor-agent: \(error)\n", stderr)
            return 130
        } catch {
            progress.clear()
            throw error
        }
    }

    static func status(of grade: DiskGrade) -> Int32 {
        switch grade {
        case .fast, .ready: 0
        case .marginal: 3
        case .notReady: 4
        }
    }
}

/// How far it is: one line that is written over at a terminal, a line for each run elsewhere.
private final class TerminalProgress: Sendable {
    private let isShown: Bool
    private let isTerminal = isatty(STDERR_FILENO) != 0
    private let lastRun = Mutex(0)

    init(isShown: Bool) {
        self.isShown = isShown
    }

    func show(_ progress: DiskCheck.Progress) {
        guard isShown else { return }
        let words = "run \(progress.run) of \(progress.runs)"
        if isTerminal {
            fputs("\r\u{1b}[K\(words): \(Int(progress.share * 100)) %", stderr)
        } else if lastRun.withLock({ last in
            defer { last = progress.run }
            return last != progress.run
        }) {
            fputs("\(words)\n", stderr)
        }
    }

    func clear() {
        if isShown, isTerminal { fputs("\r\u{1b}[K", stderr) }
    }
}
