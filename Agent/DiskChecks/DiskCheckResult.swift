public import Model

/// What a check found.
public struct DiskCheckResult: Sendable {
    public var profile: FioProfile
    /// Jobs that ran at once.
    public var jobs: Int
    public var began: Timestamp
    public var duration: Duration
    /// Of each run, in order.
    public var runs: [FsyncLatencies]
    /// Of the median run: a single one alarms for nothing, and hides what a second shows.
    public var latencies: FsyncLatencies
    /// Syncs a second in the median run.
    public var syncsPerSecond: Double
    public var grade: DiskGrade
    public var facts: DiskFacts
    public var advice: [DiskAdvice]
    /// What was run, to be repeated by hand.
    public var command: [String]

    /// Puts together what was measured.
    ///
    /// - Parameter runs: at least one, with syncs a second.
    init(
        profile: FioProfile, jobs: Int, began: Timestamp, duration: Duration,
        runs: [(latencies: FsyncLatencies, rate: Double)], facts: DiskFacts, command: [String]
    ) {
        precondition(!runs.isEmpty)
        self.profile = profile
        self.jobs = jobs
        self.began = began
        self.duration = duration
        self.runs = runs.map(\.latencies)
        let median = runs.sorted { $0.latencies.p99 < $1.latencies.p99 }[runs.count / 2]
        latencies = median.latencies
        syncsPerSecond = median.rate
        grade = DiskGrade(median.latencies, limit: profile.limitSeconds)
        self.facts = facts
        advice = DiskAdvice.all(facts, grade: grade, runs: self.runs, limit: profile.limitSeconds)
        self.command = command
    }
}
