/// What is slow, before anyone is blamed. A cluster without symptoms gets no verdict.
enum Symptoms {
    /// A rule that recognises one kind, member by member.
    private struct Rule: Sendable {
        var kind: Symptom.Kind
        var gauge: Gauge
        /// From here on it is a symptom.
        var limit: Double
        /// Why the limit is there.
        var because: String
        /// Readings that must be there too.
        var also: @Sendable (Scene.Member) -> Bool = { _ in true }
    }

    /// Limits are etcd's own where it has one.
    private static let rules = [
        // etcd asks for a p99 under 10 ms; its histogram tells 16. A twentieth of all is no outlier any more.
        Rule(kind: .slowFsync, gauge: .walFsyncSlowShare, limit: 0.05, because: "etcd FAQ: p99 of WAL fsyncs < 10 ms") {
            $0.value(.walFsyncMean) > 0.008
        },
        Rule(
            kind: .slowCommit, gauge: .commitSlowShare, limit: 0.1, because: "etcd FAQ: p99 of backend commits < 25 ms"
        ) { $0.value(.commitMean) > 0.02 },
        // etcd's own word for slow: "took too long" is said from 100 ms on.
        Rule(kind: .slowReads, gauge: .linearizableRead, limit: 0.1, because: "etcd warns of requests over 100 ms"),
        Rule(kind: .slowReads, gauge: .serializableRead, limit: 0.1, because: "etcd warns of requests over 100 ms"),
        Rule(kind: .slowReads, gauge: .readFailures, limit: 1, because: "a read within its deadline fails"),
        Rule(kind: .slowApply, gauge: .slowApplies, limit: 5, because: "etcd counts applies over 100 ms"),
        Rule(kind: .missedHeartbeats, gauge: .missedHeartbeats, limit: 1, because: "etcd counts late heartbeats"),
        Rule(kind: .writesRefused, gauge: .quotaShare, limit: 1, because: "at the quota etcd refuses writes"),
    ]

    /// Seconds of a round trip that are slow whatever is usual: half of etcd's default heartbeat.
    static let slowRoundTrip = 0.05

    /// All of them, members in order.
    static func all(in scene: Scene) -> [Symptom] {
        var symptoms = scene.members.flatMap { member in
            rules.compactMap { rule -> Symptom? in
                guard member.value(rule.gauge) >= rule.limit, rule.also(member) else { return nil }
                return Symptom(kind: rule.kind, member: member.name, text: scene.told(rule.gauge, of: member))
            }
        }
        symptoms += scene.members.flatMap { member in
            member.links.filter { isSlow($0.roundTrip) }.map { link in
                Symptom(
                    kind: .slowPeers, member: member.name,
                    text: "a round trip from \(member.name) to \(link.to) takes"
                        + " \(Gauge.Unit.seconds.text(link.roundTrip.now))")
            }
        }
        symptoms += scene.members.compactMap { member in
            member.downReason.map {
                Symptom(kind: .noAnswer, member: member.name, text: "\(member.name) does not answer: \($0)")
            }
        }
        symptoms += scene.members.flatMap { member in
            member.alarms.filter { $0 == "NOSPACE" }.map { _ in
                Symptom(
                    kind: .writesRefused, member: member.name,
                    text: "\(member.name) has the alarm NOSPACE: writes are refused")
            }
        }
        if let changes = scene.members.map({ $0.value(.leaderChanges) }).max(), changes >= 1 {
            symptoms.append(
                Symptom(
                    kind: .elections, member: nil,
                    text: "the leader changed \(changes == 1 ? "once" : "\(Int(changes)) times") within five minutes"))
        }
        return symptoms
    }

    /// Whether a round trip is worth a symptom: slow, and slower than usual where that is known.
    static func isSlow(_ roundTrip: Scene.Reading) -> Bool {
        roundTrip.now >= slowRoundTrip && roundTrip.now >= 2 * (roundTrip.usual ?? 0)
    }
}
