extension Indications {
    /// Whether clients ask a member for much more than usual, or for very much.
    static func isLoaded(_ scene: Scene, _ member: Scene.Member) -> Bool {
        scene.standsOut(member, .sentBytes, from: 20e6) || member.value(.sentBytes) >= 60e6
            || scene.standsOut(member, .receivedBytes, from: 10e6) || scene.standsOut(member, .requests, from: 3000)
            || member.value(.defragments) > 0
    }

    static let load = [
        Indication(4, .sentBytes, source: Source.metrics) {
            $1.value(.sentBytes) >= 60e6 || $0.standsOut($1, .sentBytes, from: 20e6)
        },
        Indication(4, .receivedBytes, source: Source.metrics) { $0.standsOut($1, .receivedBytes, from: 10e6) },
        Indication(4, .requests, source: Source.metrics) { $0.standsOut($1, .requests, from: 3000) },
        Indication(5, .defragments, source: "etcd documentation: maintenance, defragmentation blocks a member") {
            scene, member in
            member.value(.defragments) > 0 ? "\(member.name) is being defragmented, and answers nothing meanwhile" : nil
        },
        Indication(1, .etcdCPU, source: Source.kernel) { isLoaded($0, $1) && $1.value(.etcdCPU) >= 0.5 },
        Indication(1, .slowApplies, source: Source.faq) { isLoaded($0, $1) && $1.value(.slowApplies) >= 1 },
        Indication(1, .serializableRead, source: "reads wait behind large answers") {
            isLoaded($0, $1) && $1.value(.serializableRead) >= 0.05
        },
        // Against it.
        Indication(-3, .requests, source: Source.metrics) { scene, member in
            guard let requests = member[.requests], member[.sentBytes] != nil, !isLoaded(scene, member) else {
                return nil
            }
            return "clients ask little of \(member.name): \(Gauge.Unit.perSecond.text(requests)) requests,"
                + " \(Gauge.Unit.bytesPerSecond.text(member.value(.sentBytes))) of answers"
        },
        Indication(-2, .throttled, source: Source.kernel) { $1.value(.throttled) >= 0.1 },
        Indication(-2, .stopped, source: Source.kernel) { $1.value(.stopped) >= 0.05 },
    ]

    static let peer = [
        Indication(6, nil, source: "a leader that ends is an election") { _, member in
            member.downReason.map { "\(member.name) does not answer: \($0)" }
        },
        Indication(5, .restarts, source: "a leader that ends is an election") { _, member in
            guard member.downReason == nil, member.value(.restarts) >= 1 else { return nil }
            return "etcd of \(member.name) was started again within five minutes"
        },
        Indication(1, nil, source: Source.metrics) { scene, member in
            let failing = scene.others(than: member).filter { other in
                other.links.contains { $0.to == member.name && $0.sendFailures >= 0.2 }
            }
            guard member.downReason != nil, !failing.isEmpty else { return nil }
            return "\(failing.map(\.name).joined(separator: " and ")) cannot send to it"
        },
        Indication(-3, .leaderChanges, source: "a restart is one election") { _, member in
            guard member.downReason == nil, member.value(.restarts) >= 1 else { return nil }
            let elections = Int(member.value(.leaderChanges))
            return elections >= 3 ? "there were \(elections) elections, and it was started again once" : nil
        },
        // Frozen rather than ended: what freezes it is the culprit.
        Indication(-4, .stopped, source: Source.kernel) { $1.value(.stopped) >= 0.05 },
        Indication(-3, .throttled, source: Source.kernel) { $1.value(.throttled) >= 0.1 },
        Indication(-3, .probePending, source: Source.matrix) { $1.value(.probePending) >= 1 },
    ]
}
