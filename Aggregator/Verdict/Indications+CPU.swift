extension Indications {
    /// Whether the threads of a member's etcd wait for a CPU much more than they have one.
    static func isStarved(_ scene: Scene, _ member: Scene.Member) -> Bool {
        if member.value(.throttled) >= 0.1 || member.value(.stopped) >= 0.05 { return true }
        let (waiting, running) = (member.value(.runDelay), member.value(.etcdCPU))
        return waiting >= 0.25 && waiting >= 2 * running
    }

    /// The member whose clients ask for so much that CPUs are short, if nothing but that keeps them from `member`.
    private static func loaded(_ scene: Scene, instead member: Scene.Member) -> Scene.Member? {
        guard member.value(.throttled) < 0.1, member.value(.stopped) < 0.05 else { return nil }
        // Its own work first; that of others reaches it as proposals, or as neighbours on one host.
        return ([member] + scene.others(than: member)).first { isLoaded(scene, $0) }
    }

    static let cpu = [
        Indication(4, .throttled, source: Source.kernel) { $1.value(.throttled) >= 0.1 },
        Indication(5, .stopped, source: Source.kernel) { $1.value(.stopped) >= 0.05 },
        Indication(3, .runDelay, source: Source.kernel) { $1.value(.runDelay) >= 0.25 },
        Indication(1, .runDelay, source: Source.kernel) { scene, member in
            guard member.value(.runDelay) >= 0.25, member.value(.runDelay) >= 2 * member.value(.etcdCPU) else {
                return nil
            }
            return "etcd of \(member.name) waits for a CPU longer than it has one"
        },
        Indication(2, .runDelay, source: "the same load on equal hosts") { scene, member in
            guard scene.standsOut(member, .runDelay, from: 0.25) else { return nil }
            return "etcd of \(member.name) waits for a CPU more than its peers or than usual"
        },
        Indication(2, .hostCPU, source: Source.kernel) { $1.value(.hostCPU) >= 0.9 },
        Indication(2, .cpuSteal, source: Source.kernel) { $1.value(.cpuSteal) >= 0.1 },
        Indication(1, .cpuPressure, source: Source.kernel) { $1.value(.cpuPressure) >= 0.4 },
        Indication(1, .serializableRead, source: "a serializable read needs neither disk nor peers") {
            $1.value(.serializableRead) >= 0.05 && $0.standsOut($1, .serializableRead, from: 0.05)
        },
        // Against it.
        Indication(-4, .runDelay, source: Source.kernel) { scene, member in
            guard let waiting = member[.runDelay], waiting < 0.1, !isStarved(scene, member) else { return nil }
            return "\(scene.told(.runDelay, of: member)): it gets its CPU"
        },
        Indication(-4, .sentBytes, source: Source.metrics) { scene, member in
            loaded(scene, instead: member).map {
                "clients of \($0.name) use the CPUs up: \(scene.told(.sentBytes, of: $0))"
            }
        },
    ]
}
