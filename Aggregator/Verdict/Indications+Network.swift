extension Indications {
    /// The links of others to `member` and its own to them, as far as they are known.
    private static func links(_ scene: Scene, _ member: Scene.Member) -> [(from: String, link: Scene.Link)] {
        member.links.map { (member.name, $0) }
            + scene.others(than: member).flatMap { other in
                other.links.filter { $0.to == member.name }.map { (other.name, $0) }
            }
    }

    /// Those that do not touch it.
    private static func foreignLinks(_ scene: Scene, _ member: Scene.Member) -> [Scene.Link] {
        scene.others(than: member).flatMap { other in other.links.filter { $0.to != member.name } }
    }

    /// Whether reads that need the others take long at a member, and reads that need nobody do not.
    private static func isLateByPeers(_ scene: Scene, _ member: Scene.Member) -> Bool {
        member.value(.serializableRead) < 0.02 && scene.standsOut(member, .linearizableRead, from: 0.05)
    }

    private static func isTroubled(_ link: Scene.Link) -> Bool {
        Symptoms.isSlow(link.roundTrip) || link.sendFailures >= 0.2
    }

    private static func text(_ links: [(from: String, link: Scene.Link)]) -> String {
        links.map { "\($0.from)→\($0.link.to) \(Gauge.Unit.seconds.text($0.link.roundTrip.now))" }.joined(
            separator: ", ")
    }

    static let network = [
        Indication(4, nil, source: Source.tuning) { scene, member in
            let slow = links(scene, member).filter { Symptoms.isSlow($0.link.roundTrip) }
            return slow.isEmpty ? nil : "round trips are slow: \(text(slow))"
        },
        Indication(2, nil, source: "what is common to all slow links is at fault") { scene, member in
            // Of both ends of one slow link, the one whose other links are slow too.
            let inbound = links(scene, member).filter { $0.from != member.name && isTroubled($0.link) }
            guard inbound.count >= 2 else { return nil }
            return "all its peers reach \(member.name) slowly: \(text(inbound))"
        },
        Indication(1, nil, source: "what is common to all slow links is at fault") { scene, member in
            let foreign = foreignLinks(scene, member)
            guard links(scene, member).contains(where: { isTroubled($0.link) }), !foreign.isEmpty,
                !foreign.contains(where: isTroubled)
            else { return nil }
            return "the links that do not touch \(member.name) are quick"
        },
        Indication(2, nil, source: Source.metrics) { scene, member in
            let failing = links(scene, member).filter { $0.link.sendFailures >= 0.2 }
            guard !failing.isEmpty else { return nil }
            return "messages could not be sent: "
                + failing.map { "\($0.from)→\($0.link.to) \(Gauge.Unit.perSecond.text($0.link.sendFailures))" }
                .joined(separator: ", ")
        },
        Indication(3, .linearizableRead, source: "a linearizable read asks the leader, and the leader a majority") {
            scene, member in
            guard isLateByPeers(scene, member) else { return nil }
            return scene.told(.linearizableRead, of: member) + ", a serializable one "
                + Gauge.Unit.seconds.text(member.value(.serializableRead)) + ": it waits for its peers"
        },
        Indication(1, .retransmissions, source: Source.kernel) {
            $0.standsOut($1, .retransmissions, from: 5, by: 5)
        },
        // Against it.
        Indication(-5, .runDelay, source: Source.slowLeader) { scene, member in
            guard isStarved(scene, member) else { return nil }
            return "\(member.name) does not get its CPU, and answers its peers late for that"
        },
        Indication(-4, .walFsyncMean, source: Source.slowLeader) { scene, member in
            guard member.value(.walFsyncMean) >= 0.02,
                !links(scene, member).contains(where: { Symptoms.isSlow($0.link.roundTrip) })
            else { return nil }
            return "\(scene.told(.walFsyncMean, of: member)), and round trips are quick"
        },
        Indication(-5, nil, source: "who is not there cannot be reached") { _, member in
            member.downReason.map { "\(member.name) is down: \($0)" }
        },
        Indication(-4, nil, source: Source.tuning) { scene, member in
            let all = links(scene, member)
            guard !all.isEmpty, !all.contains(where: { isTroubled($0.link) }), !isLateByPeers(scene, member),
                let worst = all.max(by: { $0.link.roundTrip.now < $1.link.roundTrip.now })
            else { return nil }
            return "the slowest round trip of \(member.name) is quick: \(text([worst]))"
        },
    ]
}
