/// How a cluster or member is, worst last.
public enum HealthStatus: String, Sendable, CaseIterable, Comparable {
    /// All is well.
    case healthy
    /// An operator said: work in progress, do not judge.
    case maintenance
    /// Nothing is known: no agent reports.
    case unknown
    /// It works, with less margin or speed than it should have.
    case degraded
    /// It does not work, or the next failure stops it.
    case critical

    /// Better first.
    public static func < (left: HealthStatus, right: HealthStatus) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
