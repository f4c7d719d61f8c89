internal import AgentProtocol
public import Model

/// One cluster as all its agents see it, and what changes when one of them says something new. Pure.
///
/// Each opinion is compared with the same agent's opinion before, and what it shows is held against what the cluster is
/// known to have gone through already: three agents that see one leader change make one event, told by the first.
public struct ClusterObservation: Sendable {
    /// Who led, in one etcd cluster.
    public struct Leadership: Hashable, Sendable {
        /// Rises with every election.
        public var term: UInt64
        /// Who won it.
        public var leader: EtcdID
        /// When an agent first saw it.
        public var since: Timestamp
    }

    /// An alarm that is on.
    struct ActiveAlarm: Hashable, Sendable {
        var member: EtcdID
        var kind: String
    }

    /// The cluster's name.
    public let name: String
    /// The latest opinion of each agent on each of its members.
    public private(set) var opinions: [MemberOpinion.Key: MemberOpinion] = [:]
    /// The newest leadership known, by etcd cluster id.
    public private(set) var leaderships: [EtcdID: Leadership] = [:]
    private var alarms: Set<ActiveAlarm> = []

    /// A cluster of which nothing is known.
    public init(name: String) {
        self.name = name
    }

    /// Takes over what was known before a restart: makes no events.
    public mutating func restore(_ opinion: MemberOpinion) {
        opinions[opinion.key] = opinion
        alarms.formUnion(opinion.state.alarms.map { ActiveAlarm(member: $0.member, kind: $0.kind) })
        _ = takeLeadership(of: opinion)
    }

    /// Takes a new opinion.
    ///
    /// - Returns: what happened between the opinion before and this one, so far as nobody told it before. Empty if
    ///   the opinion is older than the one that is known.
    public mutating func apply(_ opinion: MemberOpinion) -> [FleetEvent] {
        let previous = opinions[opinion.key]
        if let previous, previous.observedAt >= opinion.observedAt { return [] }
        let known = names
        let opinion = opinion.carryingOver(previous)
        opinions[opinion.key] = opinion
        var events: [FleetEvent] = []
        events += availability(from: previous, to: opinion)
        events += restart(from: previous, to: opinion)
        events += leadership(of: opinion)
        if let previous {
            events += membership(from: previous, to: opinion, known: known)
        }
        events += alarmChanges(from: previous, to: opinion)
        return events
    }

    /// Forgets what `agent` said, because it was revoked.
    public mutating func forget(_ agent: AgentID) {
        opinions = opinions.filter { $0.key.agent != agent }
    }

    /// Every member's name by id, from all opinions.
    public var names: [EtcdID: String] {
        var names: [EtcdID: String] = [:]
        for opinion in opinions.values {
            for member in opinion.state.members where !member.name.isEmpty { names[member.id] = member.name }
        }
        return names
    }

    private func called(_ id: EtcdID) -> String { names[id] ?? id.description }
}

// MARK: - One opinion after another

extension ClusterObservation {
    private func event(
        _ kind: FleetEvent.Kind, _ severity: FleetEvent.Severity, of opinion: MemberOpinion, member: String?,
        _ sentence: String, detail: [String: String] = [:], occurrence: String
    ) -> FleetEvent {
        var detail = detail
        detail["seenBy"] = opinion.node
        return FleetEvent(
            at: opinion.observedAt, cluster: name, kind: kind, severity: severity, member: member, node: opinion.node,
            sentence: sentence, detail: detail, occurrence: occurrence)
    }

    private func availability(from previous: MemberOpinion?, to opinion: MemberOpinion) -> [FleetEvent] {
        let wasUp = previous?.state.isReachable ?? true
        guard wasUp != opinion.state.isReachable else { return [] }
        let member = opinion.memberName
        let occurrence = "\(opinion.key.agent)/\(opinion.key.source)/\(opinion.observedAt.milliseconds)"
        guard opinion.state.isReachable else {
            let reason = opinion.state.reason
            return [
                event(
                    .memberDown, .warning, of: opinion, member: member,
                    reason.isEmpty ? "\(member) is down." : "\(member) is down: \(reason).",
                    detail: ["reason": reason], occurrence: occurrence)
            ]
        }
        let seconds = previous.map { (opinion.observedAt - $0.observedAt).components.seconds } ?? 0
        return [
            event(
                .memberUp, .info, of: opinion, member: member, "\(member) answers again after \(seconds) s.",
                occurrence: occurrence)
        ]
    }

    private func restart(from previous: MemberOpinion?, to opinion: MemberOpinion) -> [FleetEvent] {
        guard let before = previous?.state.processStart, let now = opinion.state.processStart else { return [] }
        // The kernel counts start times in ticks of 10 ms from a boot time that is itself rounded.
        guard now - before > .seconds(2) else { return [] }
        let member = opinion.memberName
        return [
            event(
                .memberRestarted, .warning, of: opinion, member: member, "\(member) was restarted.",
                detail: ["startedAt": "\(now.milliseconds)", "version": opinion.state.version],
                occurrence: "\(opinion.key.agent)/\(opinion.key.source)/\(now.milliseconds)")
        ]
    }

    /// Notes the leadership that `opinion` shows.
    ///
    /// - Returns: the one before if this is a newer one; nil if it is known, or the first.
    private mutating func takeLeadership(of opinion: MemberOpinion) -> (before: Leadership, now: Leadership)? {
        let state = opinion.state
        guard state.isReachable, let cluster = state.clusterID, let leader = state.leader, leader.value != 0,
            let term = state.term
        else { return nil }
        let before = leaderships[cluster]
        if let before, term <= before.term { return nil }
        let now = Leadership(term: term, leader: leader, since: opinion.observedAt)
        leaderships[cluster] = now
        return before.map { ($0, now) }
    }

    private mutating func leadership(of opinion: MemberOpinion) -> [FleetEvent] {
        guard let (before, now) = takeLeadership(of: opinion), let cluster = opinion.state.clusterID else { return [] }
        let winner = called(now.leader)
        let sentence =
            before.leader == now.leader
            ? "\(winner) was elected again, term \(before.term) → \(now.term)."
            : "Leader changed from \(called(before.leader)) to \(winner), term \(before.term) → \(now.term)."
        return [
            event(
                .leaderChanged, .warning, of: opinion, member: winner, sentence,
                detail: [
                    "from": before.leader.description, "to": now.leader.description, "term": "\(now.term)",
                    "fromTerm": "\(before.term)",
                ],
                occurrence: "\(cluster)/\(now.term)")
        ]
    }

    private func membership(
        from previous: MemberOpinion, to opinion: MemberOpinion, known: [EtcdID: String]
    ) -> [FleetEvent] {
        // A member that does not answer has no list: that is not a list without members.
        guard let cluster = opinion.state.clusterID, previous.state.clusterID == cluster,
            !previous.state.members.isEmpty, !opinion.state.members.isEmpty
        else { return [] }
        let before = Dictionary(previous.state.members.map { ($0.id, $0) }) { $1 }
        let now = Dictionary(opinion.state.members.map { ($0.id, $0) }) { $1 }
        var events: [FleetEvent] = []
        for (id, member) in now.sorted(by: { $0.key < $1.key }) {
            let name = called(id)
            if let old = before[id] {
                guard old.isLearner, !member.isLearner else { continue }
                events.append(
                    event(
                        .learnerPromoted, .info, of: opinion, member: name, "\(name) was promoted to a voting member.",
                        detail: ["id": id.description], occurrence: "\(cluster)/\(id)"))
            } else {
                events.append(
                    event(
                        .memberAdded, .info, of: opinion, member: name,
                        "\(name) was added\(member.isLearner ? " as a learner" : "").",
                        detail: ["id": id.description], occurrence: "\(cluster)/\(id)"))
            }
        }
        for id in before.keys.filter({ now[$0] == nil }).sorted() {
            let name = known[id] ?? id.description
            events.append(
                event(
                    .memberRemoved, .warning, of: opinion, member: name, "\(name) was removed from the cluster.",
                    detail: ["id": id.description], occurrence: "\(cluster)/\(id)"))
        }
        return events
    }

    private mutating func alarmChanges(from previous: MemberOpinion?, to opinion: MemberOpinion) -> [FleetEvent] {
        guard opinion.state.isReachable else { return [] }
        let before = Set(previous?.state.alarms.map { ActiveAlarm(member: $0.member, kind: $0.kind) } ?? [])
        let now = Set(opinion.state.alarms.map { ActiveAlarm(member: $0.member, kind: $0.kind) })
        let raised = now.subtracting(before).subtracting(alarms)
        let cleared = before.subtracting(now).intersection(alarms)
        alarms.formUnion(raised)
        alarms.subtract(cleared)
        return raised.sorted(by: Self.precedes).map { alarm in
            alarmEvent(
                .alarmRaised, .critical, alarm, opinion, "\(called(alarm.member)) raised the alarm \(alarm.kind).")
        }
            + cleared.sorted(by: Self.precedes).map { alarm in
                alarmEvent(
                    .alarmCleared, .info, alarm, opinion, "The alarm \(alarm.kind) of \(called(alarm.member)) is off.")
            }
    }

    private func alarmEvent(
        _ kind: FleetEvent.Kind, _ severity: FleetEvent.Severity, _ alarm: ActiveAlarm, _ opinion: MemberOpinion,
        _ sentence: String
    ) -> FleetEvent {
        event(
            kind, severity, of: opinion, member: called(alarm.member), sentence, detail: ["alarm": alarm.kind],
            occurrence: "\(alarm.member)/\(alarm.kind)/\(opinion.observedAt.milliseconds)")
    }

    private static func precedes(_ left: ActiveAlarm, _ right: ActiveAlarm) -> Bool {
        (left.member, left.kind) < (right.member, right.kind)
    }
}
