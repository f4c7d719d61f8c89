import Model

@testable import Verdict

/// A quiet cluster of three on equal hosts, to which each test does something.
struct FaultScene {
    var scene: Scene

    init() {
        let members = (1...3).map { number in
            var member = Scene.Member(
                name: "m\(number)", instance: "n\(number):2379", node: "n\(number)", isLeader: number == 1)
            member.readings = [
                .isUp: .init(now: 1), .walFsyncMean: .init(now: 0.003, usual: 0.003),
                .walFsyncSlowShare: .init(now: 0.01, usual: 0.01), .commitMean: .init(now: 0.006, usual: 0.006),
                .commitSlowShare: .init(now: 0.01, usual: 0.01), .probeMean: .init(now: 0.0025, usual: 0.0025),
                .serializableRead: .init(now: 0.002, usual: 0.002), .linearizableRead: .init(now: 0.003, usual: 0.003),
                .etcdCPU: .init(now: 0.1, usual: 0.1), .runDelay: .init(now: 0.01, usual: 0.01),
                .hostCPU: .init(now: 0.3, usual: 0.3), .requests: .init(now: 100, usual: 100),
                .sentBytes: .init(now: 1e5, usual: 1e5), .receivedBytes: .init(now: 1e5, usual: 1e5),
                .quotaShare: .init(now: 0.1), .leaderChanges: .init(now: 0), .missedHeartbeats: .init(now: 0),
                .throttled: .init(now: 0), .stopped: .init(now: 0), .restarts: .init(now: 0),
            ]
            member.links = (1...3).filter { $0 != number }.map {
                Scene.Link(to: "m\($0)", roundTrip: .init(now: 0.001, usual: 0.001), sendFailures: 0)
            }
            member.flags = [
                "heartbeat-interval": "100", "election-timeout": "1000", "quota-backend-bytes": "2147483648",
            ]
            return member
        }
        scene = Scene(cluster: "prod", at: Timestamp(milliseconds: 1_790_000_000_000), members: members)
    }

    /// Reads `value` now at member `number`, as if it had been as it was before.
    mutating func set(_ gauge: Gauge, _ number: Int, _ value: Double) {
        scene.members[number - 1].readings[gauge, default: .init(now: 0)].now = value
    }

    mutating func setAll(_ gauge: Gauge, _ value: Double) { for number in 1...3 { set(gauge, number, value) } }

    /// Makes round trips from `from` to `to` take `seconds`.
    mutating func delay(_ from: Int, _ to: Int, _ seconds: Double) {
        for at in scene.members[from - 1].links.indices where scene.members[from - 1].links[at].to == "m\(to)" {
            scene.members[from - 1].links[at].roundTrip.now = seconds
        }
    }

    /// Lets `perSecond` messages from `from` to `to` fail.
    mutating func fail(_ from: Int, _ to: Int, _ perSecond: Double) {
        for at in scene.members[from - 1].links.indices where scene.members[from - 1].links[at].to == "m\(to)" {
            scene.members[from - 1].links[at].sendFailures = perSecond
        }
    }

    /// The disk under `number` takes `seconds` for a sync.
    mutating func slowDisk(_ number: Int, _ seconds: Double) {
        set(.walFsyncMean, number, seconds)
        set(.walFsyncSlowShare, number, 0.98)
        set(.commitMean, number, seconds * 2)
        set(.commitSlowShare, number, 0.98)
        set(.probeMean, number, seconds)
    }

    var verdict: Verdict? { Judge.verdict(on: scene) }
}
