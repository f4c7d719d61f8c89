extension Indications {
    /// Flags that the members of a cluster must agree on, with what goes wrong when they do not.
    static let commonFlags = [
        "heartbeat-interval", "election-timeout", "quota-backend-bytes", "auto-compaction-mode",
        "auto-compaction-retention", "pre-vote", "snapshot-count", "max-request-bytes",
    ]

    /// What most of the others have set where `member` has something else: flag, its value, theirs.
    static func drift(_ scene: Scene, _ member: Scene.Member) -> [(flag: String, own: String, theirs: String)] {
        commonFlags.compactMap { flag in
            let others = scene.others(than: member).compactMap { $0.flags[flag] }
            guard let own = member.flags[flag], let theirs = others.first, others.count >= 2,
                others.allSatisfy({ $0 == theirs }), own != theirs
            else { return nil }
            return (flag, own, theirs)
        }
    }

    private static func isTiming(_ flag: String) -> Bool {
        ["heartbeat-interval", "election-timeout", "pre-vote"].contains(flag)
    }

    private static func text(_ drift: [(flag: String, own: String, theirs: String)]) -> String {
        drift.map { "--\($0.flag) is \($0.own), its peers' \($0.theirs)" }.joined(separator: "; ")
    }

    private static func hasElections(_ scene: Scene) -> Bool {
        scene.members.contains { $0.value(.leaderChanges) >= 1 || $0.value(.missedHeartbeats) >= 1 }
    }

    /// Whether a member's database has reached its quota.
    static func isFull(_ member: Scene.Member) -> Bool {
        member.alarms.contains("NOSPACE") || member.value(.quotaShare) >= 1
    }

    static let configuration = [
        Indication(7, .quotaShare, source: Source.space) { scene, member in
            isFull(member) ? "\(scene.told(.quotaShare, of: member)): etcd refuses writes" : nil
        },
        Indication(2, nil, source: Source.space) { scene, member in
            let quota = drift(scene, member).filter { $0.flag == "quota-backend-bytes" }
            return isFull(member) && !quota.isEmpty ? "on \(member.name) \(text(quota))" : nil
        },
        Indication(6, nil, source: Source.tuning) { scene, member in
            let timing = drift(scene, member).filter { isTiming($0.flag) }
            return hasElections(scene) && !timing.isEmpty ? "on \(member.name) \(text(timing))" : nil
        },
        Indication(4, nil, source: Source.tuning) { scene, member in
            guard hasElections(scene), let election = member.flags["election-timeout"].flatMap(Double.init),
                let slowest = member.links.map(\.roundTrip.now).max(), slowest * 10 > election / 1000,
                slowest < election / 1000, slowest < Symptoms.slowRoundTrip
            else { return nil }
            return "--election-timeout of \(member.name) is \(Gauge.Unit.seconds.text(election / 1000)), less than ten"
                + " round trips of \(Gauge.Unit.seconds.text(slowest))"
        },
        Indication(1, .leaderChanges, source: Source.tuning) { scene, member in
            let timing = drift(scene, member).filter { isTiming($0.flag) }
            return hasElections(scene) && !timing.isEmpty ? "elections happened without any slow disk or network" : nil
        },
    ]
}
