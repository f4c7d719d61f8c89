internal import ConfigurationFile
public import Model

/// How fast and how often a group is told.
public struct RouteTiming: Hashable, Sendable {
    /// How long a new alert waits for others of its group.
    public var groupWait: Duration
    /// The same for alerts of severity critical.
    public var criticalGroupWait: Duration
    /// The least time between two notifications of one group, but for a new critical alert.
    public var groupInterval: Duration
    /// How often a group that keeps firing is told again.
    public var repeatInterval: Duration

    /// 1 s, critical at once, then at most every 30 s, again every 4 hours.
    public init(
        groupWait: Duration = .seconds(1), criticalGroupWait: Duration = .zero, groupInterval: Duration = .seconds(30),
        repeatInterval: Duration = .seconds(4 * 3600)
    ) {
        self.groupWait = groupWait
        self.criticalGroupWait = criticalGroupWait
        self.groupInterval = groupInterval
        self.repeatInterval = repeatInterval
    }

    init(reading reader: inout MappingReader, default base: RouteTiming) {
        groupWait = reader.duration("group_wait", default: base.groupWait, in: .zero ... .seconds(3600))
        criticalGroupWait = reader.duration(
            "critical_group_wait", default: base.criticalGroupWait, in: .zero ... .seconds(3600))
        groupInterval = reader.duration("group_interval", default: base.groupInterval, in: .zero ... .seconds(86_400))
        repeatInterval = reader.duration(
            "repeat_interval", default: base.repeatInterval, in: .seconds(60) ... .seconds(30 * 86_400))
    }

    /// When a group is to be told of a change.
    ///
    /// - Parameters:
    ///   - lastSentAt: nil for a group that was told nothing yet.
    ///   - isNewCritical: whether a critical alert began that the group was not told of.
    func flush(at now: Timestamp, lastSentAt: Timestamp?, isNewCritical: Bool) -> Timestamp {
        if isNewCritical { return now + criticalGroupWait }
        let soonest = now + groupWait
        return lastSentAt.map { max(soonest, $0 + groupInterval) } ?? soonest
    }
}

/// Which alerts go to which channels.
public struct Route: Hashable, Sendable {
    /// In the ledger.
    public var name: String
    /// Each label named has to have one of the values; none named matches all.
    public var matchers: [String: Set<String>]
    /// Names of channels.
    public var channels: [String]
    /// Whether routes after this one are looked at too.
    public var continues: Bool
    /// How fast and how often.
    public var timing: RouteTiming

    /// A route to `channels`.
    public init(
        name: String, matchers: [String: Set<String>] = [:], channels: [String], continues: Bool = false,
        timing: RouteTiming = RouteTiming()
    ) {
        self.name = name
        self.matchers = matchers
        self.channels = channels
        self.continues = continues
        self.timing = timing
    }

    init(reading reader: MappingReader, name: String, timing: RouteTiming, matchesAll: Bool = false) {
        var reader = reader
        self.name = matchesAll ? name : reader.string("name", default: name)
        channels = reader.strings("channels", default: [])
        continues = matchesAll ? false : reader.bool("continue", default: false)
        self.timing = RouteTiming(reading: &reader, default: timing)
        matchers = [:]
        if !matchesAll, var match = reader.mapping("match") {
            for pair in match.node.pairs ?? [] {
                matchers[pair.name] = Set(match.strings(pair.name, default: []))
            }
            match.finish()
        }
        reader.finish()
    }

    /// Whether an alert with `labels` goes this way.
    public func matches(_ labels: Labels) -> Bool {
        matchers.allSatisfy { name, values in values.contains(labels[name] ?? "") }
    }
}

extension [Route] {
    /// The routes that an alert with `labels` goes.
    func matching(_ labels: Labels) -> [Route] {
        var result: [Route] = []
        for route in self where route.matches(labels) {
            result.append(route)
            if !route.continues { break }
        }
        return result
    }
}
