internal import ConfigurationFile
internal import Model
public import SeriesQuery

/// While an alert that the source matches fires, alerts that the target matches are not told, if the two agree in some
/// labels: what follows from a known cause is no news.
public struct InhibitionRule: Sendable {
    /// A label of the source that has to equal a label of the target; absent on both sides is equal too.
    public struct Agreement: Hashable, Sendable {
        var source: String
        var target: String
    }

    /// All have to hold for the cause.
    public var source: [LabelMatcher]
    /// All have to hold for what follows.
    public var target: [LabelMatcher]
    /// All have to agree.
    public var equal: [Agreement]

    /// A rule.
    ///
    /// - Parameter equal: `name`, or `source=target` where cause and consequence call one thing differently.
    public init(source: [LabelMatcher], target: [LabelMatcher], equal: [String]) {
        self.source = source
        self.target = target
        self.equal = equal.map { text in
            let names = text.split(separator: "=", maxSplits: 1).map(String.init)
            return Agreement(source: names.first ?? "", target: names.last ?? "")
        }
    }

    init(reading reader: MappingReader) {
        var reader = reader
        self.init(
            source: reader.matchers("source"), target: reader.matchers("target"),
            equal: reader.strings("equal", default: []))
        for (name, matchers) in [("source", source), ("target", target)] where matchers.isEmpty {
            reader.reportMissing(name, remedy: "add `\(name): ['alertname=\"…\"']`")
        }
        reader.finish()
    }

    /// Whether an alert with `cause` keeps one with `labels` back.
    func holds(_ labels: Labels, because cause: Labels) -> Bool {
        guard Self.match(source, cause), Self.match(target, labels),
            equal.allSatisfy({ cause[$0.source] == labels[$0.target] })
        else { return false }
        // As in Alertmanager: of two alerts that are both cause and consequence neither keeps the other back.
        return !(Self.match(source, labels) && Self.match(target, cause))
    }

    /// Whether an alert with `labels` may be a cause.
    func mayFollow(from labels: Labels) -> Bool { Self.match(source, labels) }

    /// Whether cause and consequence are always of one cluster.
    var staysInOneCluster: Bool { equal.contains(Agreement(source: "cluster", target: "cluster")) }

    private static func match(_ matchers: [LabelMatcher], _ labels: Labels) -> Bool {
        matchers.allSatisfy { $0.matches(labels) }
    }

    /// What holds without being configured: of a cluster that is not seen, each silent host follows; of a lost quorum, that
    /// there is no leader and nothing to spare; of a dead host, whatever else is wrong with it; of a limit that is passed
    /// by far, that it is passed.
    public static let builtIn: [InhibitionRule] =
        [
            follows("EtcdClusterUnseen", ["EtcdAgentSilent", "EtcdHostDown", "EtcdMemberDown"], ["cluster"]),
            follows("EtcdQuorumLost", ["EtcdQuorumAtRisk", "EtcdNoLeader"], ["cluster"]),
            // Members name their host in `node`, hosts and agents in `instance`.
            everythingFollows("EtcdHostDown", ["cluster", "instance=node"]),
            everythingFollows("EtcdHostDown", ["cluster", "instance"]),
        ]
        + [
            ("EtcdFsyncVerySlow", ["EtcdFsyncSlow", "EtcdFsyncBorderline"]),
            ("EtcdFsyncSlow", ["EtcdFsyncBorderline"]), ("EtcdDatabaseNearQuota", ["EtcdDatabaseFilling"]),
            ("EtcdHostDiskFull", ["EtcdHostDiskFilling"]), ("EtcdMostRequestsFailing", ["EtcdRequestsFailing"]),
        ].map { follows($0, $1, ["cluster", "instance", "mountpoint", "grpc_method"]) }

    private static func follows(_ cause: String, _ consequences: [String], _ equal: [String]) -> InhibitionRule {
        // Patterns of plain names can always be read.
        let target = (try? LabelMatcher.matches("alertname", consequences.joined(separator: "|"))).map { [$0] } ?? []
        precondition(!target.isEmpty, "a built-in inhibition has no target")
        return InhibitionRule(source: [.equal("alertname", cause)], target: target, equal: equal)
    }

    private static func everythingFollows(_ cause: String, _ equal: [String]) -> InhibitionRule {
        InhibitionRule(
            source: [.equal("alertname", cause)], target: [.notEqual("alertname", cause)], equal: equal)
    }
}
