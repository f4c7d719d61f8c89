// The agent's own cry for help: when the aggregator is away and a member beside it has no leader, nobody else may be left
// to tell. Leaves knowing either to its caller, and everything else that is wrong to the aggregator.

/// What counts, at one instant.
public struct Circumstances: Sendable, Equatable {
    /// Why the aggregator takes nothing; nil while it does.
    public var aggregatorTrouble: String?
    /// Members without a leader by name, with what they say of it.
    public var leaderless: [String: String]

    /// What counts.
    public init(aggregatorTrouble: String?, leaderless: [String: String]) {
        self.aggregatorTrouble = aggregatorTrouble
        self.leaderless = leaderless
    }
}

/// When to cry and when to say that it is over. A value: no clock, no sockets.
struct EmergencyWatch: Sendable {
    /// What to do.
    enum Step: Equatable, Sendable {
        case nothing
        case raise(Circumstances)
        case clear
    }

    /// Both have to last so long.
    let after: Duration
    /// It is raised again so often.
    let repeatEvery: Duration
    private var since: ContinuousClock.Instant?
    private var raised: ContinuousClock.Instant?

    init(after: Duration, repeatEvery: Duration) {
        self.after = after
        self.repeatEvery = repeatEvery
    }

    /// Whether it was raised and is not over.
    var isRaised: Bool { raised != nil }

    /// Looks at `now`; to be called every second or so.
    mutating func step(_ circumstances: Circumstances, at now: ContinuousClock.Instant) -> Step {
        guard circumstances.aggregatorTrouble != nil, !circumstances.leaderless.isEmpty else {
            since = nil
            guard raised != nil else { return .nothing }
            raised = nil
            return .clear
        }
        let began = since ?? now
        since = began
        guard now - began >= after, raised.map({ now - $0 >= repeatEvery }) ?? true else { return .nothing }
        raised = now
        return .raise(circumstances)
    }
}
